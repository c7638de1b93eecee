// Parts of these pages: amounts and days, fields, questions, what is said aloud.

import { button, h, notice } from "../base/dom.js";
import { LOCALE, money, t } from "../base/words.js";

const SVG = "http://www.w3.org/2000/svg";
const DRAWINGS = {
  card: "M3 6h18v12H3zM3 10h18M6.500 14.500h4",
  pay: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2M14 18v2h2M18 18h2v2",
  purchases: "M5 3.500h14v17l-2.300-1.600-2.300 1.600-2.400-1.600-2.300 1.600-2.400-1.600L5 20.500zM9 8.500h6M9 12.500h6",
  shops: "M4 10v10h16V10M3 10l2-6h14l2 6zM3 10a3 3 0 006 0 3 3 0 006 0 3 3 0 006 0M10 20v-5h4v5",
};

export function drawing(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", DRAWINGS[name]);
  svg.append(path);
  return svg;
}

export const pois = (cents) => t("pois", { amount: money(cents) });

/** `5 décembre 2026` */
export function day(date) {
  return new Date(`${date}T12:00:00`).toLocaleDateString(LOCALE, { day: "numeric", month: "long", year: "numeric" });
}

/** `6 oct., 09:44`, as the clocks of the shops show it. */
export function instant(time) {
  return new Date(time).toLocaleString(LOCALE, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Paris" });
}

/** `12 s`, or minutes where it is longer, in words of the language. */
export function time(seconds) {
  const [count, unit] = seconds < 100 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: "short" }).format(count);
}

/** What is left and until when, as a block of its own. */
export function balance({ balance_cents, ends }) {
  const until =
    ends.length === 0 ? t("nothing_left")
    : ends.length === 1 ? t("until_all", { day: day(ends[0].valid_until) })
    : ends.map((end) => t("until", { amount: pois(end.balance_cents), day: day(end.valid_until) })).join(" · ");
  return h("section", { class: "balance" },
    h("h2", { class: "soft small" }, t("left")), h("p", { class: "left amount" }, pois(balance_cents)), h("p", { class: "soft" }, until));
}

/** A labelled field; `hint` stands below it and is told with it. */
export function field(name, label, hint, properties) {
  const input = h("input", { id: name, name, class: "input code", dir: "ltr", autocomplete: "off", autocapitalize: "characters",
    spellcheck: "false", "aria-describedby": hint && `${name}-hint`, ...properties });
  return h("div", { class: "field" }, h("label", { for: name }, label), input, hint && h("p", { class: "hint", id: `${name}-hint` }, hint));
}

export const PIN = { type: "password", inputmode: "numeric", maxlength: 4 };

/** A form that sends once at a time; `send` gives the sentence that says what is wrong, or nothing. */
export function form(send, label, ...fields) {
  const wrong = h("div", { role: "alert" });
  const go = h("button", { type: "submit", class: "button strong wide" }, label);
  const whole = h("form", { class: "stack", novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    wrong.replaceChildren();
    try {
      const fault = await send(Object.fromEntries(new FormData(whole)));
      if (fault) wrong.replaceChildren(notice("warn", "warn", fault));
    } finally {
      go.disabled = false;
    }
  } }, ...fields, wrong, go);
  return whole;
}

/** A question over the page; Escape and the button below leave it. Gives the dialog. */
export function ask(title, ...content) {
  const dialog = h("dialog", { "aria-labelledby": "asked", onclose: () => dialog.remove() },
    h("div", { class: "stack" }, h("h2", { id: "asked" }, title), ...content, button(t("cancel"), () => dialog.close(), { kind: "plain wide" })));
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

let ends = 0;

/** Say it aloud, and show it for a while. */
export function say(text) {
  document.getElementById("said").textContent = text;
  document.querySelector(".said")?.remove();
  const shown = h("p", { class: "said" }, text);
  document.body.append(shown);
  clearTimeout(ends);
  ends = setTimeout(() => shown.remove(), 6000);
}

/** The sentence for a refusal that has no words of its own where it comes. */
export function unexpected(told) {
  if (told.retry_after_seconds && told.code !== "unavailable") return t("paused", { time: time(told.retry_after_seconds) });
  return `${t("failed")} ${told.number ? t("number", { number: told.number }) : ""}`;
}
