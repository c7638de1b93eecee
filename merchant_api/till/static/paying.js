// The card, its secret code, and the wait for an answer.

import { button, h, icon, notice } from "../base/dom.js";
import { money, t } from "../base/words.js";
import { NoCamera, readCodes } from "./camera.js";
import { cardOf } from "./card.js";
import { signals } from "./signals.js";
import { backspace, keypad, say, screen, take } from "./ui.js";

const PIN_LENGTH = 4;

/** Any way to name a card: camera, hand scanner, or its number. */
export function card(signal, { amount = null, onCard, onBack }) {
  const video = h("video", { muted: true, playsinline: true, "aria-hidden": "true" });
  const lamp = button(t("lamp"), () => {}, { kind: "lamp", drawing: "light", hidden: true, "aria-pressed": "false" });
  const view = h("div", { class: "view" }, video, h("div", { class: "corners" }), lamp);
  const answers = h("div", { role: "alert" });
  let over = false;

  function found(one) {
    if (over) return;
    over = true;
    signals.read();
    onCard(one);
  }

  function seen(text) {
    const one = cardOf(text);
    if (one) found(one);
    else if (!answers.hasChildNodes()) answers.replaceChildren(notice("warn", "warn", t("not_a_card")));
  }

  readCodes(video, seen, signal).then((torch) => {
    if (!torch) return;
    lamp.hidden = false;
    lamp.onclick = () => {
      const on = lamp.getAttribute("aria-pressed") !== "true";
      lamp.setAttribute("aria-pressed", String(on));
      torch(on);
    };
  }).catch((error) => {
    if (!(error instanceof NoCamera)) throw error;
    view.replaceChildren(icon("camera"), h("p", {}, t(`camera_${error.message.replace("-", "_")}`)));
    view.classList.add("absent");
  });

  take({ card: found, key: (key) => key === "Escape" && (onBack(), true) });
  const byNumber = numberForm(found);
  return screen(
    { title: t("show_card"), back: onBack, kind: "card" },
    [amount !== null && h("p", { class: "asked amount" }, money(amount)), view, h("p", { class: "soft centre" }, t("show_card_about")), answers],
    byNumber,
  );
}

function numberForm(found) {
  const input = h("input", {
    class: "input code", id: "number", inputmode: "numeric", autocomplete: "off", maxlength: "16", "aria-describedby": "number-hint",
    placeholder: "0000 000 000",
  });
  const hint = h("p", { class: "hint", id: "number-hint", role: "status" }, t("card_number_hint"));
  const form = h(
    "form", { class: "stack", hidden: true, onsubmit: (event) => (event.preventDefault(), typed()) },
    h("div", { class: "field" }, h("label", { for: "number" }, t("card_number")), input, hint),
    h("button", { type: "submit", class: "button strong wide" }, t("ok")),
  );
  const open = button(t("type_number"), () => ((open.hidden = true), (form.hidden = false), input.focus()), { kind: "wide", drawing: "keys" });

  function typed() {
    const one = cardOf(input.value);
    if (one) return found(one);
    hint.textContent = t("card_number_wrong");
    hint.classList.add("wrong");
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }

  return [open, form];
}

/** Four digits that nobody sees: neither the dots nor the keys tell which. */
export function pin(_signal, { amount = null, onPin, onBack }) {
  let digits = "";
  const dots = h("div", { class: "dots", role: "img" });
  const ok = button(t("ok"), () => done(), { kind: "strong" });

  function press(key) {
    if (/^\d$/.test(key) && digits.length < PIN_LENGTH) digits += key;
    else if (key === "Backspace") digits = digits.slice(0, -1);
    else if (key === "Enter") return done(), true;
    else if (key === "Escape") return onBack(), true;
    else return /^\d$/.test(key);
    draw();
    return true;
  }

  function draw() {
    const words = t("pin_typed", { count: digits.length });
    dots.setAttribute("aria-label", words);
    dots.replaceChildren(...Array.from({ length: PIN_LENGTH }, (_, nth) => h("span", { class: nth < digits.length ? "dot full" : "dot" })));
    ok.disabled = digits.length < PIN_LENGTH;
    if (digits) say(words);
  }

  function done() {
    if (digits.length === PIN_LENGTH) onPin(digits);
  }

  draw();
  take({ key: press });
  return screen(
    { title: t("pin"), back: onBack, kind: "secret" },
    h("div", { class: "stack centre" }, amount !== null && h("p", { class: "asked amount" }, money(amount)), h("p", { class: "soft" }, t("pin_about")), dots),
    keypad(press, backspace(press), ok),
  );
}

/** Until the fate of a request is known. Nothing here leads to a second debit. */
export function waiting(_signal, { fate, amount }) {
  const words = h("div", { class: "stack centre", role: "status" });
  const foot = h("div", { class: "buttons" });

  function draw() {
    const about = { sending: "", checking: t("checking_about"), "giving-up": t("giving_up_about") }[fate.state];
    const title = { sending: t("sending"), checking: t("checking"), "giving-up": t("giving_up") }[fate.state];
    words.replaceChildren(h("p", { class: "loud" }, title), about && h("p", {}, about));
    const sure = fate.state === "sending" ? [] : [notice("warn", "stop", t("no_cash_yet"), t("tries", { count: fate.tries }))];
    const leave = fate.canGiveUp ? [button(t("give_up"), () => fate.giveUp(), { kind: "wide" })] : [];
    foot.replaceChildren(...sure, ...leave);
  }

  fate.addEventListener("change", draw);
  draw();
  return screen(
    { title: money(amount), kind: "waiting" },
    h("div", { class: "stack centre" }, h("div", { class: "spinner", "aria-hidden": "true" }), words),
    foot,
  );
}
