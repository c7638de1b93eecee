// The menu, what is left on a card, and the settings.

import { button, h, icon, notice } from "../base/dom.js";
import { LANGUAGE, money, t } from "../base/words.js";
import { call, Lost } from "./api.js";
import { keep, kept } from "./kept.js";
import { signals } from "./signals.js";
import { ask, say, screen, take } from "./ui.js";

export function menu(_signal, { onBack, onDay, onBalance, onSettings }) {
  const row = (drawing, label, act) => h("li", {}, h("button", { type: "button", class: "row", onclick: act }, icon(drawing), h("span", { class: "grow" }, label)));
  take({ key: (key) => key === "Escape" && (onBack(), true) });
  return screen({ title: t("menu"), back: onBack }, [
    h("ul", { class: "list" }, row("day", t("day"), onDay), row("balance", t("card_balance"), onBalance), row("settings", t("settings"), onSettings)),
    kept("device")?.scope === "training" && notice("warn", "warn", t("training_about"), t("training_cards_about")),
  ]);
}

/** For the holder who asks at the till; nothing is booked. */
export function balance(signal, { card, pin, onBack, onAgain }) {
  const middle = h("div", { class: "stack centre" }, h("div", { class: "spinner" }));

  async function refresh() {
    try {
      const answer = await call("POST", "/v1/card/balance", { body: { credential: card.credential, ...(pin && { pin }) } });
      if (!signal.aborted) middle.replaceChildren(...(answer.ok ? told(answer.body) : no(answer.body)));
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      if (!signal.aborted) middle.replaceChildren(...no({ title: t("unexpected"), detail: "", number: error.problem?.number }), button(t("again"), refresh, { kind: "wide" }));
    }
  }

  function told({ balance_cents: cents, ends, at_once_cents: atOnce }) {
    say(t("balance"), money(cents));
    const until = (day) => new Date(`${day}T12:00:00`).toLocaleDateString(LANGUAGE, { day: "numeric", month: "long", year: "numeric" });
    return [
      h("p", { class: "asked amount" }, money(cents)),
      ...(cents ? ends.map((end) => h("p", {}, t("until", { amount: money(end.balance_cents), day: until(end.valid_until) }))) : [h("p", {}, t("nothing_left"))]),
      ...(atOnce !== null && atOnce < cents ? [notice("", "clock", t("at_once", { amount: money(atOnce) }))] : []),
    ];
  }

  function no({ title, detail, number }) {
    signals.bad();
    say(title, detail);
    return [notice("bad", "stop", title, detail, number && t("number", { number })), button(t("scan_again"), onAgain, { kind: "wide" })];
  }

  refresh();
  take({ key: (key) => (key === "Escape" || key === "Enter") && (onBack(), true) });
  return screen({ title: t("balance"), back: onBack }, middle, button(t("close"), onBack, { kind: "strong wide tall" }));
}

export function settings(_signal, { onBack, onDisconnect }) {
  const languages = { fr: "Français", en: "English" };
  const speak = (code) => {
    keep("language", code);
    location.assign(`/till?lang=${code}`);
  };
  const sound = button("", () => (keep("quiet", kept("quiet") ? null : true), draw()), { kind: "wide", drawing: "sound" });
  function draw() {
    sound.setAttribute("aria-pressed", String(!kept("quiet")));
    sound.lastChild.textContent = t(kept("quiet") ? "off" : "on");
  }
  draw();
  take({ key: (key) => key === "Escape" && (onBack(), true) });
  return screen({ title: t("settings"), back: onBack }, [
    h("section", { class: "stack" }, h("h2", {}, t("language")), h("div", { class: "buttons two" }, Object.entries(languages).map(([code, name]) =>
      button(name, () => speak(code), { kind: code === LANGUAGE ? "wide chosen" : "wide", lang: code, "aria-pressed": String(code === LANGUAGE) })))),
    h("section", { class: "stack" }, h("h2", {}, t("sound")), sound),
    h("section", { class: "stack" }, h("h2", {}, t("disconnect")), h("p", { class: "soft" }, t("disconnect_about")),
      button(t("disconnect_now"), () => ask(t("disconnect"), t("disconnect_about"), t("disconnect_now"), onDisconnect), { kind: "bad wide" })),
  ]);
}
