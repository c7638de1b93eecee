// The household's cards: block a lost one, change a PIN. And what people ask.

import { button, h, notice } from "../base/dom.js";
import { t } from "../base/words.js";
import { Lost } from "./calls.js";
import { STEP_MS, codeAt } from "./codes.js";
import { PIN, ask, drawing, field, form, say, unexpected } from "./parts.js";

const nameOf = (card) => `${card.own ? t("this_phone") : t("paper_card")} · ${t("ending", { ending: card.ending })}`;

export function cardsScreen(state, speak, refresh) {
  const list = h("ul", { class: "list" });
  const address = h("bdi", {}, h("a", { href: "/balance" }, `${location.host}/balance`));
  const [before, after] = t("lost_about", { address: "\u0000" }).split("\u0000");
  const languages = document.getElementById("languages");
  const panel = h("div", { class: "stack" }, h("h1", {}, t("cards_title")), list,
    h("div", { class: "asked" },
      question(t("lost"), before, address, after), question(t("new_phone"), t("new_phone_about")),
      question(t("second"), t("second_about")), question(t("seen"), t("seen_about"))),
    h("section", { class: "stack" }, h("h2", {}, t("language")), languages));

  function question(title, ...answer) {
    return h("details", {}, h("summary", {}, title), h("p", {}, ...answer));
  }

  function row(card) {
    const name = card.own ? t("this_phone") : t("paper_card");
    const active = card.state === "active";
    return h("li", { class: "card" }, drawing("card"),
      h("div", { class: "grow" }, h("p", { class: "name" }, name), h("p", { class: "soft small" }, t("ending", { ending: card.ending }))),
      active ? h("div", { class: "does" },
        card.kind === "paper" && button(t("pin_change"), () => changePin(card), { kind: "small" }),
        button(t("block"), () => block(card), { kind: "bad small", "aria-label": `${t("block")} · ${nameOf(card)}` }))
        : h("span", { class: "badge" }, t("is_blocked")));
  }

  async function spoken(path, body) {
    try {
      return await speak("POST", path, body);
    } catch (error) {
      if (error instanceof Lost) return { ok: false, told: { lost: true } };
      throw error;
    }
  }

  const wrongOf = (told) => (told.lost ? t("need_network") : unexpected(told));

  function block(card) {
    const send = async () => {
      const { ok, told } = await spoken("/wallet/block", { card: card.id });
      if (!ok) return wrongOf(told);
      asked.close();
      if (!card.own) say(t("block_done")); // else the page says nothing else any more
      await refresh();
      return null;
    };
    const whole = form(send, t("block_now"));
    whole.querySelector("button").className = "button bad wide";
    const asked = ask(t("block_ask"), h("p", { class: "name" }, nameOf(card)),
      h("p", {}, card.own ? t("block_phone") : t("block_paper")), whole);
  }

  function changePin(card) {
    const send = async ({ pin, repeated }) => {
      if (!/^[0-9]{4}$/.test(pin)) return t("pin_four");
      if (pin !== repeated) return t("pin_differs");
      const step = Math.floor((Date.now() + state.offset) / STEP_MS);
      const code = await codeAt(state.wallet.key, step);
      const { ok, told } = await spoken("/wallet/pin", { card: card.id, pin, code });
      if (!ok) return told.code === "pin-too-simple" ? t("pin_simple") : wrongOf(told);
      asked.close();
      say(t("pin_done"));
      return null;
    };
    const asked = ask(t("pin_change"), h("p", { class: "soft" }, nameOf(card)),
      form(send, t("pin_save"), field("pin", t("pin_new"), t("pin_about"), { ...PIN, autocomplete: "new-password" }), field("repeated", t("pin_repeat"), null, { ...PIN, autocomplete: "new-password" })));
  }

  function look() {
    list.replaceChildren(...(state.seen?.cards ?? []).map(row));
    if (!state.seen) list.replaceChildren(h("li", {}, notice("", "offline", t("need_network"))));
  }

  return { panel, look };
}
