// Language, and leaving.

import { button, h } from "../base/dom.js";
import { LANGUAGE, t } from "../base/words.js";
import { keep } from "./kept.js";
import { ask, reading, screen } from "./parts.js";
import { shopWords } from "./moving.js";

const LANGUAGES = { fr: "Français", en: "English" };

export function settings(_signal, { onForget }) {
  const shop = h("div", { class: "list" });
  const speak = (code) => {
    keep("language", code);
    location.assign(`/merchant?lang=${code}`);
  };
  reading(shop, "/merchant", (own) => [h("div", { class: "own" }, shopWords(own))]);
  return screen({ title: t("settings") },
    h("section", { class: "stack" }, h("h2", {}, t("shop")), shop),
    h("section", { class: "stack" }, h("h2", {}, t("language")), h("div", { class: "buttons two" }, Object.entries(LANGUAGES).map(([code, name]) =>
      button(name, () => speak(code), { kind: code === LANGUAGE ? "chosen" : "", lang: code, "aria-pressed": String(code === LANGUAGE) })))),
    h("section", { class: "stack" }, h("h2", {}, t("leave")), h("p", { class: "soft" }, t("leave_about")),
      button(t("leave_now"), () => ask(t("leave"), h("p", {}, t("leave_about")), button(t("leave_now"), onForget, { kind: "bad wide" })), { kind: "bad wide" })));
}
