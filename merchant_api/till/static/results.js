// What became of a request, in an icon, words and numbers, each with its next step.

import { button, h, icon, notice } from "../base/dom.js";
import { duration, money, t } from "../base/words.js";
import { signals } from "./signals.js";
import { ask, say, screen, take } from "./ui.js";

const VOID_MS = 15 * 60 * 1000;

/** Paid, whole or in part: so much in Pois, so much left to pay otherwise. */
export function approved(_signal, { sale, earlier, late, onNew, onSecond, onVoid }) {
  const left = sale.remainder_cents;
  const part = left > 0;
  signals[part ? "part" : "good"]();
  say(t("approved"), `${t("in_pois")} ${money(sale.approved_cents)}.`, part ? `${t("left_to_pay")} ${money(left)}.` : t("all_paid"));
  take({ key: (key) => key === "Enter" && (onNew(), true) });
  return screen(
    { title: t("approved"), kind: part ? "done part" : "done" },
    [
      h("div", { class: "mark" }, icon("check")),
      late && h("p", { class: "centre" }, t("gone_through")),
      h("dl", { class: "sums" },
        h("div", { class: "paid" }, h("dt", {}, t("in_pois")), h("dd", { class: "amount" }, money(sale.approved_cents))),
        h("div", { class: part ? "left due" : "left" }, h("dt", {}, part ? t("left_to_pay") : t("all_paid")), part && h("dd", { class: "amount" }, money(left)),
          part && h("dd", { class: "small about" }, t("left_to_pay_about"))),
      ),
      earlier.map((one) => h("p", { class: "centre soft amount" }, t("first_card", { amount: money(one) }))),
      details(sale.lines, sale.labels),
      h("p", { class: "centre soft small number" }, t("receipt", { number: sale.receipt_number })),
    ],
    [
      button(t("new_sale"), onNew, { kind: "strong wide tall", "data-focus": true }),
      h("div", { class: part ? "buttons two" : "buttons" }, part && button(t("second_card"), onSecond, { kind: "wide" }), voiding(sale, onVoid)),
    ],
  );
}

/** Every line with what of it is paid in Pois. */
export function details(lines, labels) {
  if (lines.length < 2 && lines[0]?.approved_cents === lines[0]?.amount_cents) return null;
  return h(
    "details", {}, h("summary", {}, t("details")),
    h("table", { class: "details" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("basket")), h("th", { scope: "col" }, t("amount")), h("th", { scope: "col" }, t("in_pois")))),
      h("tbody", {}, lines.map((line) => h("tr", {},
        h("th", { scope: "row" }, labels[line.category] ?? line.category), h("td", { class: "amount" }, money(line.amount_cents)),
        h("td", { class: "amount" }, money(line.approved_cents)))))),
  );
}

/** A sale of the last quarter of an hour, nothing of which was given back, can be voided; the service has the last word. */
export function voiding(sale, onVoid) {
  const young = Date.now() - (sale.paid_at ?? Date.parse(sale.occurred_at)) < VOID_MS;
  if (!young || sale.refundable_cents !== sale.approved_cents || !sale.approved_cents) return null;
  const amount = money(sale.approved_cents);
  return button(t("void_this"), () => ask(t("void"), t("void_about", { amount }), t("void_now", { amount }), onVoid), { kind: "wide" });
}

/** What to do next about a refusal; `left` is what is to be paid, `actions` where the buttons lead. */
export function refused(signal, { problem, left, actions }) {
  signals.bad();
  const number = problem.number ?? "";
  say(problem.title, problem.detail, number);
  const wait = problem.next_code_in_seconds ?? problem.retry_after_seconds ?? 0;
  const steps = nextSteps(problem, left, actions, wait > 0);
  const [first] = steps;
  if (wait && first.waits) countDown(first, wait, problem.next_code_in_seconds === undefined ? "wait" : "next_code_in", signal);
  take({ card: actions.onCard });
  return screen(
    { title: t("refused"), back: actions.onBasket, kind: "refused" },
    [
      h("div", { class: "mark" }, icon("stop")),
      h("div", { class: "stack centre", role: "alert" }, h("p", { class: "loud" }, problem.title), h("p", {}, problem.detail)),
      problem.available_cents > 0 && notice("good", "balance", t("available", { amount: money(problem.available_cents) })),
      number && h("p", { class: "centre" }, h("span", { class: "errno number" }, number), h("br"), h("span", { class: "soft small" }, t("telephone", { number }))),
    ],
    h("div", { class: "buttons" }, steps.map((step) => step.element)),
  );
}

const ANOTHER_TRY = new Set(["code-refused", "code-already-used", "stale-request", "idempotency-conflict", "invalid-request"]);

function nextSteps({ code }, left, { onPin, onAgain, onOtherCard, onBasket, onDone }, hasToWait) {
  const step = (label, act, waits = false) => ({ label, waits, element: button(label, act, { kind: "wide" }) });
  const steps = ANOTHER_TRY.has(code) ? [step(t("scan_again"), onAgain, true), step(t("pay_rest", { amount: money(left) }), onDone)]
    : code === "too-many-attempts" ? [step(t("other_card"), onOtherCard), step(t("scan_again"), onAgain, true), step(t("pay_rest", { amount: money(left) }), onDone)]
    : [step(t("pay_rest", { amount: money(left) }), onDone), step(t("other_card"), onOtherCard)];
  if (code === "code-refused" && onPin) steps.unshift(step(t("pin_again"), onPin));
  if (onBasket) steps.push(step(t("to_basket"), onBasket));
  steps[0].element.classList.add("strong", "tall");
  steps[0].element.setAttribute("data-focus", "");
  const waiting = hasToWait ? steps.findIndex((one) => one.waits) : 0;
  if (waiting > 0) steps.unshift(...steps.splice(waiting, 1));
  return steps;
}

function countDown({ element, label }, seconds, words, signal) {
  const until = Date.now() + seconds * 1000;
  const text = element.lastChild;
  const draw = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    element.disabled = left > 0;
    text.textContent = left > 0 ? t(words, { time: duration(left) }) : label;
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(draw, 250);
  signal.addEventListener("abort", () => clearInterval(timer));
  draw();
}

/** Nothing moved, and nothing will; or something was given back. */
export function plain(_signal, { title, about, amount = null, kind = "done", drawing = "check", buttons }) {
  signals[kind === "refused" ? "bad" : "good"]();
  say(title, about);
  take({ key: (key) => key === "Enter" && (buttons[0][1](), true) });
  return screen(
    { title, kind },
    [
      h("div", { class: "mark" }, icon(drawing)),
      amount !== null && h("p", { class: "asked amount" }, money(amount)),
      h("p", { class: "centre", role: "alert" }, about),
    ],
    h("div", { class: "buttons" }, buttons.map(([label, act], nth) => button(label, act, nth ? { kind: "wide" } : { kind: "strong wide tall", "data-focus": true }))),
  );
}
