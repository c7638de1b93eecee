// What was bought, where and for how much; and "I did not buy this".

import { button, h, icon, notice } from "../base/dom.js";
import { t } from "../base/words.js";
import { Lost } from "./calls.js";
import { ask, instant, pois, say, unexpected } from "./parts.js";

const where = (bought) => [`${instant(bought.occurred_at)} · `, h("bdi", {}, bought.town)];

export function purchasesScreen(speak) {
  const list = h("ul", { class: "list" });
  const foot = h("div", { class: "stack" });
  const panel = h("div", { class: "stack" }, h("h1", {}, t("purchases")), list, foot);

  async function page(cursor) {
    try {
      const { ok, told } = await speak("GET", `/wallet/history${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`);
      if (!ok) return foot.replaceChildren(notice("warn", "warn", unexpected(told)));
      if (!cursor) list.replaceChildren();
      list.append(...told.purchases.map(row));
      foot.replaceChildren(...[
        list.children.length === 0 && h("p", { class: "soft" }, t("no_purchases")),
        told.next_cursor && button(t("older"), () => page(told.next_cursor), { kind: "wide" }),
      ].filter(Boolean));
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      foot.replaceChildren(notice("", "offline", t("need_network")), button(t("again"), () => page(cursor), { kind: "wide" }));
    }
    return null;
  }

  function row(bought) {
    const state = bought.state === "undisputed" ? null : h("span", { class: "badge" }, t(bought.state));
    const back = bought.refunded_cents > 0 && h("span", { class: "soft small" }, t("given_back", { amount: pois(bought.refunded_cents) }));
    return h("li", {}, h("button", { type: "button", class: "row", onclick: () => details(bought) },
      h("span", { class: "grow" }, h("span", { class: "name" }, h("bdi", {}, bought.shop)), h("span", { class: "soft small" }, ...where(bought)), back, state),
      h("span", { class: "amount" }, pois(bought.approved_cents))));
  }

  function details(bought) {
    const about = h("p", { class: "soft" }, t("with_card", { ending: bought.card_ending }));
    const paid = h("p", { class: "left amount" }, pois(bought.approved_cents));
    const wrong = h("div", { role: "alert" });
    const rest = bought.state !== "undisputed" ? [h("p", { class: "badge" }, t(bought.state))] : [
      h("h3", {}, t("not_mine")), h("p", {}, t("not_mine_about", { ending: bought.card_ending })), wrong,
      button(t("not_mine_now"), report, { kind: "bad wide" }),
    ];
    const asked = ask(bought.shop, h("p", { class: "soft" }, ...where(bought)), paid, about, ...rest);

    async function report(event) {
      event.currentTarget.disabled = true;
      try {
        const { ok, told } = await speak("POST", "/wallet/disputes", { purchase: bought.id });
        if (!ok) return wrong.replaceChildren(notice("warn", "warn", unexpected(told)));
        asked.close();
        say(t("disputed"));
        return page(null);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        return wrong.replaceChildren(notice("", "offline", t("need_network")));
      } finally {
        asked.querySelector(".button.bad")?.removeAttribute("disabled");
      }
    }
  }

  return { panel, look: () => page(null) };
}
