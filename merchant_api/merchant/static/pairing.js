// Connecting the owner's device, once.

import { h, notice } from "../base/dom.js";
import { t } from "../base/words.js";
import { Lost, call } from "./api.js";
import { keep } from "./kept.js";
import { field, form, refusal, screen } from "./parts.js";

/** `told`: why it has to be connected again, if it was before. `code`: from the address of the page. */
export function pairing(_signal, { onPaired, told = null, code = "" }) {
  const pair = async ({ pairing: typed }) => {
    const wanted = typed.slice(typed.lastIndexOf("#") + 1).trim();
    if (wanted.length < 4) return t("pair_hint");
    try {
      const answer = await call("POST", "/tills/pair", { body: { pairing_code: wanted } });
      if (!answer.ok) return refusal(answer.body);
      const { token, scope, merchant } = answer.body;
      if (scope !== "merchant") return t("pair_other_use");
      keep("device", { token, merchant });
      onPaired();
      return null;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      return t(navigator.onLine ? "pair_lost" : "pair_gone");
    }
  };
  const whole = form(pair, t("pair_now"), {}, field("pairing", t("pair_code"), t("pair_hint"),
    { class: "input code", value: code, autocapitalize: "characters", maxlength: "80", required: true, "data-focus": true }));
  if (code) setTimeout(() => whole.requestSubmit());
  const logo = h("img", { class: "logo", src: document.querySelector('link[rel="icon"]').href, alt: "", width: 64, height: 64 });
  return screen({ title: t("pair") }, logo, told && h("div", { role: "alert" }, notice("warn", "warn", told)), h("p", { class: "soft" }, t("pair_about")), whole);
}
