// Connecting the till, once.

import { button, h, notice } from "../base/dom.js";
import { t } from "../base/words.js";
import { call, Lost } from "./api.js";
import { NoCamera, readCodes } from "./camera.js";
import { keep } from "./kept.js";
import { say, screen, show } from "./ui.js";

/** `told`: why the till has to be connected again, if it was connected before. `code`: from the address of the page. */
export function pairing(signal, { onPaired, told = null, code = "" }) {
  const input = h("input", {
    class: "input code", id: "code", name: "code", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    maxlength: "40", required: true, "data-letters": true, "data-focus": true, "aria-describedby": "code-hint", value: code,
  });
  const answers = h("div", { role: "alert" }, told && notice("warn", "warn", told));
  const form = h(
    "form", { class: "stack", onsubmit: (event) => (event.preventDefault(), pair(input.value.trim())) },
    h("div", { class: "field" }, h("label", { for: "code" }, t("pair_code")), input, h("p", { class: "hint", id: "code-hint" }, t("pair_hint"))),
    answers,
    h("button", { type: "submit", class: "button strong wide tall" }, t("pair_now")),
    button(t("pair_scan"), scan, { kind: "wide", drawing: "camera" }),
  );
  const middle = h("div", { class: "stack" }, h("img", { class: "logo", src: document.querySelector('link[rel="icon"]').href, alt: "", width: 64, height: 64 }), h("p", { class: "soft" }, t("pair_about")), form);

  async function pair(typed) {
    if (typed.length < 4) return;
    try {
      const answer = await call("POST", "/v1/tills/pair", { body: { pairing_code: codeIn(typed) } });
      if (!answer.ok) return tell(answer.body.title, answer.body.detail, answer.body.number);
      if (answer.body.scope === "merchant") return tell(t("pair_other_use"));
      keep("device", { token: answer.body.token, scope: answer.body.scope, merchant: answer.body.merchant });
      onPaired();
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      tell(t(navigator.onLine ? "pair_lost" : "pair_gone"));
    }
  }

  function tell(title, detail = "", number = "") {
    answers.replaceChildren(notice("bad", "stop", title, detail, number && t("number", { number })));
    say(title, detail);
    input.focus();
  }

  async function scan() {
    const video = h("video", { class: "view", muted: true, playsinline: true, "aria-label": t("looking") });
    const done = new AbortController();
    signal.addEventListener("abort", () => done.abort());
    answers.replaceChildren(video);
    const found = (text) => (done.abort(), answers.replaceChildren(), (input.value = codeIn(text)), pair(text));
    await readCodes(video, found, done.signal).catch((error) => {
      if (!(error instanceof NoCamera)) throw error;
      tell(t(`camera_${error.message.replace("-", "_")}`));
    });
  }

  if (code) pair(code);
  return screen({ title: t("pair") }, middle);
}

/** The QR code may hold the code alone, or the address of this page with the code behind `#`. */
function codeIn(text) {
  return text.slice(text.lastIndexOf("#") + 1);
}

/** Another window of this browser has the till: two would share one basket. */
export function elsewhere(_signal, onHere) {
  const foot = button(t("use_here"), onHere, { kind: "strong wide tall" });
  return screen({ title: t("other_tab") }, h("p", {}, t("other_tab_about")), foot);
}

export function showPairing(onPaired, told = null, code = "") {
  show(pairing, { onPaired, told, code });
}
