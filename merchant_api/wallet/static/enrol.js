// A telephone takes over a card, once, by the code of a letter.

import { h, notice } from "../base/dom.js";
import { t } from "../base/words.js";
import { Lost, call } from "./calls.js";
import { keyOf } from "./codes.js";
import { forget, keep, kept } from "./keep.js";
import { field, form, time } from "./parts.js";

const plain = (code) => code.toUpperCase().replace(/[^0-9A-Z]/g, "");

/** The number of this telephone's own for a code: the same until its answer has come, so that a lost one comes again. */
async function nonceFor(code) {
  const asked = await kept("enrolling");
  if (asked?.code === code) return asked.nonce;
  const random = crypto.getRandomValues(new Uint8Array(32));
  const nonce = btoa(String.fromCharCode(...random)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  await keep("enrolling", { code, nonce });
  return nonce;
}

async function enrol(code) {
  const answer = await call("POST", "/wallet/enrol", { body: { code, nonce: await nonceFor(code) } });
  if (!answer.ok) return answer.told;
  const { token, secret, card_number } = answer.told;
  await keep("wallet", { key: await keyOf(secret), token, number: card_number });
  await Promise.all([forget("enrolling"), forget("seen"), forget("ended")]);
  navigator.storage?.persist?.().catch(() => false); // else a browser that is short of room may throw the key away
  return null;
}

function refusal(told) {
  if (told.code === "too-many-requests") return [t("paused", { time: time(told.retry_after_seconds) }), ""];
  if (told.code === "unavailable") return [t("failed"), t("enrol_lost_about")];
  return [t("enrol_refused"), t("enrol_refused_about")];
}

/** The screen: `code` from the letter's link, or to be typed; `replaces`: another card is on this telephone. */
export function enrolScreen(code, replaces, done) {
  const said = h("div", { role: "alert" });
  const fault = (kind, drawing, title, detail) => said.replaceChildren(notice(kind, drawing, title, detail));
  const send = async (typed) => {
    said.replaceChildren();
    const wanted = plain(code || typed.letter_code);
    if (wanted.length < 4) return t("letter_code_hint");
    let told;
    try {
      told = await enrol(wanted);
    } catch (error) {
      if (error instanceof Lost) fault("warn", "offline", t("enrol_lost"), t("enrol_lost_about"));
      else fault("bad", "stop", t("no_keeping"), t("no_keeping_about"));
      return null;
    }
    if (told) fault("bad", "stop", ...refusal(told));
    else await done();
    return null;
  };
  const typed = !code && field("letter_code", t("letter_code"), t("letter_code_hint"), { maxlength: 40, required: true });
  return h("section", { class: "stack" },
    h("h1", {}, code ? t("enrol") : t("no_card")),
    h("p", {}, code ? t("enrol_about") : t("no_card_about")),
    !code && h("p", { class: "soft" }, t("enrol_about")),
    replaces && notice("warn", "warn", t("enrol_replaces")),
    form(send, t("enrol_now"), typed), said,
    h("p", {}, h("a", { href: `/balance?lang=${document.documentElement.lang}` }, t("paper_balance"))));
}
