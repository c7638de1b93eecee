// A movement from its amount to its end: how much (and to whom), check and confirm, wait, done or refused.

import { button, h, icon, notice } from "../base/dom.js";
import { LOCALE, money, t } from "../base/words.js";
import { Lost, call } from "./api.js";
import { amountField, centsIn, codeField, codeIn, euros, form, pois, refusal, say, screen } from "./parts.js";

const BASIS = 10_000; // basis points of a whole
const PAYEES_SHOWN = 8;

/** How much. `check(cents)` gives a sentence where the amount will not do. */
export function amount(_signal, { title, about, held, above = null, check = () => null, onAmount, onBack }) {
  const send = ({ amount: typed }) => {
    const cents = centsIn(typed);
    if (!cents) return t("amount_wrong");
    if (cents > held) return t("amount_over", { amount: money(held) });
    return check(cents) ?? onAmount(cents);
  };
  const body = held > 0 ? form(send, t("go_on"), {}, amountField(held)) : notice("", "balance", t("nothing_held"));
  return screen({ title, back: onBack }, above, h("p", { class: "soft" }, about), body);
}

export const wholeOnly = (cents) => (cents % 100 ? t("amount_whole") : null);

/** Which shop, from the list of those that take Pois. */
export function payee(signal, { onPayee, onBack }) {
  const found = h("ul", { class: "list", "aria-live": "polite" });
  const said = h("div", { class: "stack" });
  const search = h("input", { class: "input", id: "payee", type: "search", autocomplete: "off", "aria-describedby": "payee-hint", "data-focus": true, oninput: draw });
  let all = null;

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function draw() {
    if (!all) return;
    const words = plain(search.value).split(/\s+/);
    const digits = search.value.replace(/\s/g, "");
    const fitting = all.filter((one) => (/^\d{3,}$/.test(digits) ? one.siret.startsWith(digits) : words.every((word) => plain(`${one.name} ${one.town}`).includes(word))));
    const more = fitting.length - PAYEES_SHOWN;
    found.replaceChildren(...fitting.slice(0, PAYEES_SHOWN).map(row));
    said.replaceChildren(fitting.length ? "" : notice("warn", "warn", t("payee_none")), more > 0 ? h("p", { class: "soft small" }, t("payee_more", { count: more })) : "");
  }

  function row(shop) {
    return h("li", {}, h("button", { type: "button", class: "row", onclick: () => onPayee(shop) }, shopWords(shop)));
  }

  async function read() {
    try {
      const answer = await call("GET", "/merchant/payees");
      if (signal.aborted) return;
      if (!answer.ok) return said.replaceChildren(refusal(answer.body));
      all = answer.body.payees;
      draw();
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      said.replaceChildren(notice("warn", "offline", t("unread")), button(t("again"), read, { kind: "wide" }));
    }
  }

  read();
  return screen({ title: t("pay"), back: onBack },
    h("div", { class: "field" }, h("label", { for: "payee" }, t("payee")), search, h("p", { class: "hint", id: "payee-hint" }, t("payee_hint"))), found, said);
}

export function shopWords(shop) {
  const siret = shop.siret.replace(/(\d{3})(\d{3})(\d{3})(\d{5})/, "$1 $2 $3 $4");
  return h("span", { class: "grow" }, h("span", { class: "name" }, shop.name), h("span", { class: "soft small" }, `${shop.town} · `, h("span", { class: "number" }, siret)));
}

/** What a conversion costs today, rounded as the association does: down to the centime. */
export function conversionLines(cents, basisPoints) {
  const commission = Math.floor((cents * basisPoints) / BASIS);
  const rate = (basisPoints / 100).toLocaleString(LOCALE, { maximumFractionDigits: 2 });
  return [
    [t("line_converted"), pois(cents)],
    [t("line_commission", { rate }), `−\u00a0${euros(commission)}`],
    [t("line_net"), euros(cents - commission), t("line_net_about")],
  ];
}

/** Everything once more, and the owner's code. `lines`: `[words, amount, more]`; the last one is what counts. */
export function confirm(_signal, { title, lines, label, problem = null, onCode, onBack }) {
  const send = ({ code }) => {
    if (!/^\d{8}$/.test(codeIn(code))) return t("code_eight");
    onCode(codeIn(code));
    return null;
  };
  const sums = h("dl", { class: "sums" }, lines.map(([words, sum, more], nth) =>
    h("div", { class: nth === lines.length - 1 ? "last" : "" }, h("dt", {}, words), h("dd", { class: "amount" }, sum), more && h("dd", { class: "small soft about" }, more))));
  const whole = form(send, label, {}, codeField());
  if (problem) whole.querySelector("[role=alert]").append(refusal(problem));
  return screen({ title, back: onBack }, sums, whole);
}

/** Until an answer comes; the page may be closed meanwhile. */
export function waiting(_signal, { again, hear }) {
  const title = h("p", { class: "loud" }, t(again ? "checking" : "sending"));
  const about = h("p", { class: "soft", hidden: !again }, t("checking_about"));
  const count = h("p", { class: "soft small" });
  hear((tries) => {
    if (about.hidden) say(t("checking"), t("checking_about"));
    about.hidden = false;
    title.textContent = t("checking");
    if (tries) count.textContent = t("tries", { count: tries });
  });
  const whole = screen({ title: t("account"), kind: "waiting" }, h("div", { class: "spinner" }), title, about, count);
  whole.querySelector("h1").className = "unseen";
  return whole;
}

/** What became of it: `buttons` are `[label, act]`, the first one is the next step. */
export function told(_signal, { title, about, amount: sum = null, late = false, problem = null, kind = "done", drawing = "check", buttons }) {
  say(title, sum ?? "", about);
  return screen({ title, kind }, h("div", { class: "mark" }, icon(drawing)), sum && h("p", { class: "loud amount" }, sum),
    h("div", { class: "stack", role: "alert" }, late && h("p", {}, t("late")), h("p", {}, about), problem && refusal(problem)),
    h("div", { class: "buttons" }, buttons.map(([label, act], nth) => button(label, act, nth ? { kind: "wide" } : { kind: "strong wide tall", "data-focus": true }))));
}
