// For who has a paper card only: what is left by number and PIN, and a lost telephone blocked.

import { h, notice } from "../base/dom.js";
import { money, t } from "../base/words.js";
import { Lost, call } from "./calls.js";
import { PIN, balance, field, form, time, unexpected } from "./parts.js";

const root = document.getElementById("wallet");
const found = h("div", { class: "stack", "aria-live": "polite" });

async function spoken(path, { card_number, pin }, done) {
  if (card_number.replace(/\D/g, "").length !== 10) return t("card_number_wrong");
  if (!/^[0-9]{4}$/.test(pin)) return t("pin_four");
  try {
    const { ok, told } = await call("POST", path, { body: { card_number: card_number.replace(/\D/g, ""), pin } });
    if (ok) return done(told);
    if (told.code === "code-refused") return t("guest_refused");
    if (told.code === "card-blocked") return `${t("blocked")}. ${t("blocked_about")}`;
    return unexpected(told);
  } catch (error) {
    if (error instanceof Lost) return t("enrol_lost");
    throw error;
  }
}

const see = (typed) => spoken("/guest/balance", typed, (told) => {
  const limit = told.at_once_cents !== null && told.at_once_cents < told.balance_cents
    && h("p", { class: "soft small" }, t("at_once", { amount: t("pois", { amount: money(told.at_once_cents) }) }));
  found.replaceChildren(...[balance(told), limit].filter(Boolean));
});

const block = () => spoken("/guest/block", Object.fromEntries(new FormData(asking)), ({ telephones }) => {
  found.replaceChildren(notice("good", "check", telephones ? t("guest_block_done", { count: telephones }) : t("guest_block_none")));
});

const asking = form(see, t("guest_now"),
  field("card_number", t("card_number"), t("card_number_hint"), { inputmode: "numeric", maxlength: 20 }), field("pin", t("pin"), null, PIN));
const blocking = form(block, t("guest_block"));
blocking.querySelector("button").className = "button bad wide";
root.replaceChildren(h("div", { class: "stack" },
  h("h1", {}, t("guest")), h("p", { class: "soft" }, t("guest_about")), asking, found,
  h("div", { class: "asked" }, h("details", {}, h("summary", {}, t("lost")), h("p", {}, t("guest_block_about")), blocking))));
