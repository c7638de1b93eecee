// The day: its totals for the count of the drawer, its sales, and giving back.

import { button, h, icon, notice } from "../base/dom.js";
import { clockTime, dayName, money, t } from "../base/words.js";
import { call, Lost } from "./api.js";
import { Entry } from "./entry.js";
import { kept } from "./kept.js";
import { details, voiding } from "./results.js";
import { keypad, screen, take } from "./ui.js";

const REASONS = ["returned-goods", "wrong-amount", "cashier-error", "other"];
const REASON_WORDS = { "returned-goods": "returned_goods", "wrong-amount": "wrong_amount", "cashier-error": "cashier_error", other: "other_reason" };
const ROWS = 100;

/** The labels of categories as the buttons have them. */
export function labels() {
  return Object.fromEntries((kept("categories") ?? []).map(({ category, label }) => [category, label]));
}

async function allSales() {
  const sales = [];
  for (let cursor = null; ;) {
    const query = cursor ? `cursor=${encodeURIComponent(cursor)}` : `limit=${ROWS}`;
    const answer = await call("GET", `/v1/redemptions?${query}`);
    if (!answer.ok) throw new Lost(0, answer.body);
    sales.push(...answer.body.redemptions);
    cursor = answer.body.next_cursor;
    if (!cursor) return sales.reverse();
  }
}

export function day(signal, { onBack, onSale }) {
  const title = h("p", { class: "soft" });
  const totals = h("div", { class: "totals" });
  const list = h("div", {}, h("div", { class: "spinner centre" }));

  async function refresh() {
    try {
      const [sums, sales] = await Promise.all([call("GET", "/v1/day-totals"), allSales()]);
      if (signal.aborted) return;
      if (!sums.ok) throw new Lost(0, sums.body);
      title.textContent = dayName(sums.body.day);
      totals.replaceChildren(sumsOf(t("this_till"), sums.body.till), sumsOf(t("whole_shop"), sums.body.merchant));
      list.replaceChildren(sales.length ? listOf(sales) : h("p", { class: "soft" }, t("no_sales")));
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      const number = error.problem?.number;
      list.replaceChildren(
        notice("bad", "offline", error.problem?.title ?? t("day_unread"), error.problem?.detail, number && t("number", { number })),
        button(t("again"), refresh, { kind: "wide" }),
      );
    }
  }

  function listOf(sales) {
    return h("ul", { class: "list" }, sales.map((sale) => h("li", {}, h(
      "button", { type: "button", class: "row", onclick: () => onSale(sale) },
      h("span", { class: "number soft" }, clockTime(sale.occurred_at)),
      h("span", { class: "grow" }, h("span", { class: "number" }, sale.receipt_number), stateOf(sale)),
      h("span", { class: "amount" }, money(sale.approved_cents)),
    ))));
  }

  refresh();
  take({ key: (key) => key === "Escape" && (onBack(), true) });
  return screen({ title: t("day"), back: onBack, kind: "day" }, [title, totals, h("h2", {}, t("sales_today")), list]);
}

function stateOf(sale) {
  if (sale.refundable_cents === sale.approved_cents) return null;
  return h("span", { class: "state small" }, icon("refund"), t(sale.refundable_cents ? "partly_given_back" : "given_back"));
}

function sumsOf(title, sums) {
  const row = (label, { count, cents }, sign) => h("div", {}, h("dt", {}, `${label} · ${count}`), h("dd", { class: "amount" }, `${cents && sign ? "−" : ""}${money(cents)}`));
  return h(
    "section", { class: "sumbox" }, h("h2", {}, title),
    h("dl", {}, row(t("sales"), sums.sales), row(t("refunds"), sums.refunds, true), row(t("voids"), sums.voids, true),
      h("div", { class: "net" }, h("dt", {}, t("net")), h("dd", { class: "amount" }, money(sums.net_cents)))),
  );
}

export function sale(_signal, { sale: one, onBack, onRefund, onVoid }) {
  const total = one.approved_cents + one.remainder_cents;
  take({ key: (key) => key === "Escape" && (onBack(), true) });
  return screen(
    { title: clockTime(one.occurred_at), back: onBack, kind: "one" },
    [
      h("p", { class: "asked amount" }, money(one.approved_cents)),
      h("p", { class: "centre soft" }, t("of_basket", { amount: money(total) })),
      h("p", { class: "centre soft number" }, t("receipt", { number: one.receipt_number })),
      h("p", { class: "centre" }, stateOf(one), " ", one.refundable_cents > 0 && t("can_give_back", { amount: money(one.refundable_cents) })),
      details(one.lines, labels()),
    ],
    one.refundable_cents > 0 && h("div", { class: "buttons" }, button(t("refund"), onRefund, { kind: "strong wide tall", drawing: "refund" }), voiding(one, onVoid)),
  );
}

/** How much goes back, all of it unless another amount is typed, and why. */
export function refund(_signal, { sale: one, onBack, onGive }) {
  const entry = new Entry();
  let reason = REASONS[0];
  let touched = false;
  entry.cents = one.refundable_cents;
  const amount = h("output", { class: "amount", "aria-label": t("refund_amount") });
  const hint = h("p", { class: "hint", role: "status" });
  const give = button("", () => onGive(entry.cents, reason), { kind: "strong wide tall", drawing: "refund" });
  const all = button(t("refund_all"), () => ((entry.cents = one.refundable_cents), (touched = false), draw()), { kind: "side" });

  function press(key) {
    if (!touched && /^[\d,.]/.test(key)) entry.cents = 0;
    if (!entry.press(key)) return key === "Enter" && !give.disabled ? (give.click(), true) : false;
    touched = true;
    draw();
    return true;
  }

  function draw() {
    const over = entry.cents > one.refundable_cents;
    amount.textContent = money(entry.cents);
    amount.classList.toggle("wrong", over);
    hint.textContent = over ? t("refund_too_large", { amount: money(one.refundable_cents) }) : "";
    give.disabled = over || !entry.cents;
    give.lastChild.textContent = t("refund_now", { amount: money(entry.cents) });
  }

  const choice = (name) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "reason", value: name, checked: name === reason, onchange: () => (reason = name) }), h("span", {}, t(REASON_WORDS[name])));
  draw();
  take({ key: press });
  return screen(
    { title: t("refund"), back: onBack, kind: "giving" },
    [h("div", { class: "keyed" }, amount, hint), h("p", { class: "soft small centre" }, t("refund_about")),
      h("fieldset", { class: "choices" }, h("legend", {}, t("why")), REASONS.map(choice))],
    [keypad(press, all), give],
  );
}
