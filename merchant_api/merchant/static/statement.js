// The account over some days: sums by kind, every movement, and all of it as a table for a spreadsheet.

import { button, h, notice } from "../base/dom.js";
import { LANGUAGE, clockTime, money, t } from "../base/words.js";
import { Lost, call } from "./api.js";
import { dayNamed, field, form, parisDay, pois, refusal, screen, shortDay } from "./parts.js";

const ROWS = 500;
const SHOWN = 100;
const GROUPS = {
  redemption: "sales", refund: "refunds", "conversion-request": "conversions", "conversion-cancelled": "conversions", "conversion-returned": "conversions",
  "merchant-payment": "payments", coupons: "coupons", "coupons-returned": "coupons",
};
const ORDER = ["sales", "refunds", "conversions", "payments", "coupons", "other"];
const KNOWN = new Set(Object.keys(GROUPS));

function nameOf(line) {
  if (line.kind === "merchant-payment") return t(line.amount_cents > 0 ? "one_payment-in" : "one_payment-out");
  return t(KNOWN.has(line.kind) ? `one_${line.kind}` : "one_other");
}

const signed = (cents) => (cents < 0 ? `−\u00a0${money(-cents)}` : cents > 0 ? `+\u00a0${money(cents)}` : money(0));

/** The first and the last day of the month before a day's. */
function monthBefore(today) {
  const [year, month] = today.split("-").map(Number);
  return [new Date(Date.UTC(year, month - 2, 1)), new Date(Date.UTC(year, month - 1, 0))].map((day) => day.toISOString().slice(0, 10));
}

let chosen = null; // the days stay while one looks elsewhere
let today = null; // the service's: the clock of this device may be wrong

export function statement(signal) {
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const days = h("div", { class: "days" }, field("from", t("from"), null, { type: "date" }), field("to", t("to"), null, { type: "date" }));
  const whole = form(({ from, to }) => (today ? fetchDays(from, to) : fetchMonth()), t("show"), { kind: "wide" }, days);
  const month = (label, choose) => button(t(label), () => (choose(), whole.requestSubmit()), { kind: "little" });
  const thisMonth = month("this_month", () => fill(`${today?.slice(0, 8)}01`, today));
  const lastMonth = month("last_month", () => fill(...monthBefore(today)));
  let asked = 0;

  function fill(from, to) {
    days.querySelector("#from").value = from;
    days.querySelector("#to").value = to;
  }

  /** This month until today, by the service's clock. */
  async function fetchMonth() {
    const fault = await fetched("");
    thisMonth.disabled = lastMonth.disabled = !today;
    return fault;
  }

  async function fetchDays(from, to) {
    const year = new Date(`${from}T00:00:00Z`).getTime() + 366 * 86_400_000;
    if (!from || !to || from > to || new Date(`${to}T00:00:00Z`).getTime() >= year) return t("days_wrong");
    chosen = [from, to];
    return fetched(`from=${from}&to=${to}&`);
  }

  async function fetched(query) {
    const turn = (asked += 1);
    try {
      const answer = await allPages(query, () => turn === asked && !signal.aborted);
      if (!answer) return null;
      if (!query) fill(answer.from, (today = answer.to));
      place.replaceChildren(...drawn(answer));
      return null;
    } catch (error) {
      if (error instanceof Lost) return t("unread");
      if (error.problem) return refusal(error.problem);
      throw error;
    }
  }

  /** Every page, of the account as it stood at the first one; nothing where something else was asked meanwhile. */
  async function allPages(days, wanted) {
    let found = null;
    for (let query = `${days}limit=${ROWS}`; query; query = found.next_cursor && `cursor=${found.next_cursor}`) {
      const { ok, body } = await call("GET", `/merchant/statement?${query}`);
      if (!wanted()) return null;
      if (!ok) throw Object.assign(new Error("refused"), { problem: body });
      found = found ? { ...found, lines: found.lines.concat(body.lines), next_cursor: body.next_cursor } : body;
      if (found.next_cursor) place.replaceChildren(h("p", { class: "soft" }, t("reading", { count: found.lines.length })));
    }
    return found;
  }

  if (chosen) fill(...chosen);
  thisMonth.disabled = lastMonth.disabled = !today;
  setTimeout(() => whole.requestSubmit());
  return screen({ title: t("statement"), kind: "broad" }, h("div", { class: "months" }, thisMonth, lastMonth), whole, place);
}

function drawn(found) {
  const { lines } = found;
  const sums = {};
  for (const line of lines) {
    const group = GROUPS[line.kind] ?? "other";
    sums[group] ??= { count: 0, cents: 0 };
    sums[group].count += 1;
    sums[group].cents += line.amount_cents;
  }
  const sum = (words, amount, kind = "", count = null) => h("div", { class: kind }, h("dt", {}, words, count && h("span", { class: "soft small" }, ` × ${count}`)), h("dd", { class: "amount" }, amount));
  return [
    h("section", { class: "sumbox" }, h("h2", {}, `${dayNamed(found.from)} – ${dayNamed(found.to)}`),
      h("dl", {}, sum(t("opening"), pois(found.opening_cents), "soft"),
        ORDER.filter((name) => sums[name]).map((name) => sum(t(`kind_${name}`), signed(sums[name].cents), "", sums[name].count)), sum(t("closing"), pois(found.closing_cents), "net"))),
    lines.length ? table(found) : notice("", "day", t("no_movements")),
    h("div", { class: "stack" }, button(t("csv"), () => save(found), { kind: "wide", "aria-describedby": "csv-about" }), h("p", { class: "soft small centre", id: "csv-about" }, t("csv_about"))),
  ];
}

/** The latest first: mostly it is yesterday that is looked for. */
function table({ lines, from, to }) {
  const withYear = from.slice(0, 4) !== to.slice(0, 4);
  const latest = lines.toReversed?.() ?? [...lines].reverse();
  const body = h("tbody", {}, latest.slice(0, SHOWN).map((line) => tableRow(line, withYear)));
  let shown = SHOWN;
  const more = button(t("more"), () => {
    body.append(...latest.slice(shown, shown + SHOWN).map((line) => tableRow(line, withYear)));
    shown += SHOWN;
    more.hidden = shown >= latest.length;
  }, { kind: "wide", hidden: shown >= latest.length });
  return h("section", { class: "stack" }, h("h2", { id: "movements" }, t("movements")), h("table", { class: "movements", "aria-labelledby": "movements" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("when")), h("th", { scope: "col" }, t("movement")), h("th", { scope: "col" }, t("amount")))), body), more);
}

function tableRow(line, withYear) {
  const detail = line.receipt_number ? t("receipt", { number: line.receipt_number }) : line.other_siret;
  return h("tr", {}, h("td", { class: "number" }, shortDay(line.occurred_at, withYear), h("span", { class: "soft small" }, clockTime(line.occurred_at))),
    h("td", {}, nameOf(line), detail && h("span", { class: "soft small" }, detail)), h("td", { class: `amount ${line.amount_cents < 0 ? "out" : "in"}` }, signed(line.amount_cents)));
}

/** As the spreadsheets of its readers expect it: semicolons and decimal commas in French. */
function csvOf({ lines, opening_cents: opening, closing_cents: closing, from, to }) {
  const french = LANGUAGE === "fr";
  const amount = (cents) => (cents / 100).toFixed(2).replace(".", french ? "," : ".");
  const quoted = (text) => `"${String(text ?? "").replaceAll('"', '""')}"`;
  const row = (line) => [parisDay(new Date(line.occurred_at)), clockTime(line.occurred_at), nameOf(line), line.receipt_number, line.reference, line.other_siret, amount(line.amount_cents)];
  const head = ["day", "time", "movement", "receipt", "reference", "other", "amount"].map((name) => t(`column_${name}`));
  const rows = [head, [from, "", t("opening"), "", "", "", amount(opening)], ...lines.map(row), [to, "", t("closing"), "", "", "", amount(closing)]];
  return `\ufeff${rows.map((cells) => cells.map(quoted).join(french ? ";" : ",")).join("\r\n")}\r\n`;
}

function save(found) {
  const address = URL.createObjectURL(new Blob([csvOf(found)], { type: "text/csv" }));
  h("a", { href: address, download: `pois-${found.from}-${found.to}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
