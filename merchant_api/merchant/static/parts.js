// Parts of this page: screens, fields, forms, amounts and days.

import { button, h, icon, iconButton, notice } from "../base/dom.js";
import { LOCALE, clockTime, duration, money, t } from "../base/words.js";
import { Lost, call } from "./api.js";
import { kept } from "./kept.js";

const ROOT = document.getElementById("merchant");
const PARIS = { timeZone: "Europe/Paris" };

export const pois = (cents) => t("pois", { amount: money(cents) });
export const euros = (cents) => t("euros", { amount: money(cents) });
export const dayOf = (instant) => new Date(instant).toLocaleDateString(LOCALE, { day: "numeric", month: "long", year: "numeric", ...PARIS });
export const shortDay = (instant, withYear = true) => new Date(instant).toLocaleDateString(LOCALE, { day: "numeric", month: "short", year: withYear ? "numeric" : undefined, ...PARIS });
/** `6 oct. 2026, 09:44` */
export const moment = (instant) => `${shortDay(instant)}, ${clockTime(instant)}`;
export const dayNamed = (day) => dayOf(`${day}T12:00:00Z`);

/** The day in Paris, as dates are written in the contract. */
export const parisDay = (instant = new Date()) => instant.toLocaleDateString("sv-SE", PARIS);

/** The centimes of an amount as people write it, `12,50` or `12.50`; null where it is none. */
export function centsIn(text) {
  const plain = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
  return /^\d{1,6}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null;
}

/** As `centsIn` reads it: without groups of thousands. */
const amountText = (cents) => (cents / 100).toLocaleString(LOCALE, { minimumFractionDigits: 2, useGrouping: false });

let leaving = new AbortController();

/** Puts a screen in place of the present one; `build` gets a signal that ends with it. */
export function show(build, ...facts) {
  leaving.abort();
  leaving = new AbortController();
  document.querySelectorAll("dialog").forEach((one) => one.remove());
  const screen = build(leaving.signal, ...facts);
  ROOT.replaceChildren(...[screen].flat());
  scrollTo(0, 0);
  (screen.querySelector?.("[data-focus]") ?? ROOT.querySelector("h1"))?.focus({ preventScroll: true });
}

const ENDS = new Set(["waiting", "done", "refused"]);

/** `back`: where its button leads; without one the screen says whose shop it is. */
export function screen({ title, back = null, kind = "" }, ...middle) {
  const shop = back === null && !ENDS.has(kind) && kept("device")?.merchant;
  return h("main", { class: `screen ${kind}` },
    h("header", {}, back && iconButton("back", t("back"), back),
      h("div", { class: "grow" }, shop && h("p", { class: "soft small" }, shop), h("h1", { tabindex: "-1" }, title)), offline()),
    h("div", { class: "middle" }, ...middle));
}

function offline() {
  return h("span", { class: "badge offline", hidden: navigator.onLine }, icon("offline"), t("no_network"));
}
for (const [event, hidden] of [["offline", false], ["online", true]])
  addEventListener(event, () => document.querySelectorAll(".offline").forEach((one) => (one.hidden = hidden)));

/** For whoever hears the page instead of seeing it. */
export function say(...words) {
  document.getElementById("said").textContent = words.filter(Boolean).join(" ");
}

/** A labelled field; `hint` stands below it and is told with it. */
export function field(name, label, hint, properties = {}) {
  const input = h("input", { id: name, name, class: "input", autocomplete: "off", spellcheck: "false", "aria-describedby": hint && `${name}-hint`, ...properties });
  return h("div", { class: "field" }, h("label", { for: name }, label), input, hint && h("p", { class: "hint", id: `${name}-hint` }, hint));
}

export function amountField(held) {
  const whole = field("amount", t("amount"), t("amount_hint", { amount: money(held) }),
    { class: "input money", inputmode: "decimal", maxlength: "12", placeholder: money(0), "data-focus": true });
  const input = whole.querySelector("input");
  const all = button(t("all"), () => ((input.value = amountText(held)), input.focus()));
  whole.insertBefore(h("div", { class: "beside" }), input).append(input, all);
  return whole;
}

/** Eight digits of the owner's telephone; blanks between them do not matter. */
export function codeField() {
  return field("code", t("code"), t("code_hint"), { class: "input code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "11", "data-focus": true });
}

export const codeIn = (text) => text.replace(/\s/g, "");

/** A form that sends once at a time; `send` gives the fault to be shown (a sentence or an element), or nothing. */
export function form(send, label, { kind = "strong wide tall", after = [] } = {}, ...fields) {
  const wrong = h("div", { role: "alert" });
  const go = h("button", { type: "submit", class: `button ${kind}` }, label);
  const whole = h("form", { class: "stack", novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    wrong.replaceChildren();
    try {
      const fault = await send(Object.fromEntries(new FormData(whole)));
      if (!fault) return;
      wrong.replaceChildren(typeof fault === "string" ? notice("warn", "warn", fault) : fault);
      whole.querySelector("input:not([readonly])")?.focus();
    } finally {
      go.disabled = false;
    }
  } }, ...fields, wrong, go, ...after);
  return whole;
}

/** What a refusal means for whoever typed the owner's code; everything else in the words of the service. */
export function refusal(problem) {
  const own = {
    "code-refused": () => t("code_wrong"),
    "code-already-used": () => t("code_used", { time: duration(problem.next_code_in_seconds) }),
    "owner-code-not-set": () => t("code_unset"),
    "too-many-attempts": () => t("paused", { time: duration(problem.retry_after_seconds) }),
    "merchant-not-active": () => t("closed"),
    "not-whole-pois": () => t("amount_whole"),
    "merchant-balance-too-low": () => t("amount_over", { amount: money(problem.available_cents) }),
  }[problem.code];
  const [title, detail] = own ? [own(), ""] : [problem.title, problem.detail];
  return notice("bad", "stop", title, detail, t("number", { number: problem.number }));
}

/** A question over the page; Escape and the button below leave it. */
export function ask(title, ...content) {
  const dialog = h("dialog", { "aria-labelledby": "asked", onclose: () => dialog.remove() },
    h("div", { class: "stack" }, h("h2", { id: "asked" }, title), ...content, button(t("keep"), () => dialog.close(), { kind: "wide" })));
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[data-focus]")?.focus();
  return dialog;
}

/** Reads something and draws it into an element; where it cannot be read it says so, and can be tried again. */
export async function reading(place, path, draw) {
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await call("GET", path);
    place.replaceChildren(...(answer.ok ? await draw(answer.body) : [refusal(answer.body)]));
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    place.replaceChildren(notice("warn", "offline", t("unread")), button(t("again"), () => reading(place, path, draw), { kind: "wide" }));
  } finally {
    place.removeAttribute("aria-busy");
  }
}
