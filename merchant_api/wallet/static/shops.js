// Where one can pay. The list is kept, so that it is there without network, too.

import { h, notice } from "../base/dom.js";
import { LANGUAGE, t } from "../base/words.js";
import { Lost } from "./calls.js";
import { keep, kept } from "./keep.js";

const label = (category) => {
  try {
    return t(`category.${category}`);
  } catch {
    return category.replaceAll("-", " "); // one that is newer than these words
  }
};
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function shopsScreen(speak) {
  const list = h("ul", { class: "list" });
  const none = h("p", { class: "soft", role: "status" });
  const search = h("input", { id: "search", class: "input", type: "search", autocomplete: "off", oninput: () => show() });
  const panel = h("div", { class: "stack" }, h("h1", {}, t("shops")),
    h("div", { class: "field" }, h("label", { for: "search" }, t("search")), search), list, none);
  let shops = [];

  function show() {
    const wanted = folded(search.value.trim());
    const found = shops.filter((shop) => folded(`${shop.name} ${shop.town}`).includes(wanted));
    list.replaceChildren(...found.map((shop) => h("li", {}, h("div", { class: "grow" },
      h("p", { class: "name" }, h("bdi", {}, shop.name)), h("p", { class: "soft small" }, h("bdi", {}, shop.town)),
      h("p", { class: "small" }, new Intl.ListFormat(LANGUAGE, { type: "unit", style: "short" }).format(shop.categories.map(label)))))));
    none.textContent = found.length === 0 ? t("no_shops") : "";
  }

  async function look() {
    shops = (await kept("shops")) ?? [];
    if (shops.length) show();
    try {
      const { ok, told } = await speak("GET", "/wallet/shops");
      if (ok) {
        shops = told.shops;
        await keep("shops", shops);
        show();
      }
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      if (!shops.length) list.replaceChildren(h("li", {}, notice("", "offline", t("need_network"))));
    }
  }

  return { panel, look };
}
