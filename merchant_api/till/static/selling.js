// The basket: an amount, then its category, as on a cash register with a key for each department.

import { button, h, iconButton, notice } from "../base/dom.js";
import { money, t } from "../base/words.js";
import { call, Lost } from "./api.js";
import { labels } from "./day.js";
import { Entry } from "./entry.js";
import { keep, kept } from "./kept.js";
import { keypad, say, screen, take } from "./ui.js";

const AMOUNT_MAX_CENTS = 9_999_999;

/** The lines as they were keyed; each has `category`, `label` and `cents`. */
export const basket = {
  get lines() {
    return kept("basket") ?? [];
  },
  set lines(lines) {
    keep("basket", lines.length ? lines : null);
  },
};

export function totalOf(lines) {
  return lines.reduce((sum, line) => sum + line.cents, 0);
}

/** One total for each category, as the contract wants it. */
export function totals(lines) {
  const sums = new Map();
  for (const { category, label, cents } of lines) sums.set(category, { category, label, cents: cents + (sums.get(category)?.cents ?? 0) });
  return [...sums.values()];
}

/** Kept from the last time, so that a till without a network shows its buttons. */
export async function fetchCategories() {
  const answer = await call("GET", "/v1/categories");
  if (answer.ok) keep("categories", answer.body.categories);
  return answer;
}

export function selling(signal, { onPay, onCard, onMenu }) {
  const entry = new Entry();
  const amount = h("output", { class: "amount", "aria-label": t("amount") });
  const hint = h("p", { class: "hint", role: "status" });
  const buttons = h("div", { class: "categories" });
  const list = h("ul", { class: "lines", "aria-label": t("basket") });
  const pay = button("", done, { kind: "strong wide tall", drawing: "check" });
  let all = false;

  function press(key) {
    if (!entry.press(key)) return pressed(key);
    hint.textContent = "";
    drawAmount();
    return true;
  }

  function pressed(key) {
    const nth = /^F([1-9])$/.exec(key)?.[1];
    if (nth && buttons.children[nth - 1]) buttons.children[nth - 1].click();
    else if (key === "Enter") done();
    else return false;
    return true;
  }

  /** An amount that was typed and has no category yet is not forgotten. */
  function done() {
    if (entry.cents) complain(t("amount_left", { amount: money(entry.cents) }));
    else if (basket.lines.length) onPay();
  }

  function add({ category, label }) {
    if (!entry.cents) return complain(t("key_amount_first"));
    if (totalOf(basket.lines) + entry.cents > AMOUNT_MAX_CENTS) return complain(t("too_much"));
    basket.lines = [...basket.lines, { category, label, cents: entry.cents }];
    say(label, money(entry.cents));
    entry.cents = 0;
    draw();
    toLastLine();
  }

  function complain(words) {
    hint.textContent = words;
    amount.classList.remove("shake");
    requestAnimationFrame(() => amount.classList.add("shake"));
  }

  function remove(place) {
    basket.lines = basket.lines.filter((_, nth) => nth !== place);
    draw();
  }

  function drawAmount() {
    amount.textContent = money(entry.cents);
    amount.classList.toggle("empty", !entry.cents);
  }

  function draw() {
    const lines = basket.lines;
    const total = totalOf(lines);
    const names = labels(); // in the present language, whichever it was keyed in
    drawAmount();
    hint.textContent = lines.length ? "" : t("key_amount");
    list.hidden = !lines.length;
    list.replaceChildren(...lines.map((line, place) => h(
      "li", {}, h("span", { class: "grow" }, names[line.category] ?? line.label), h("span", { class: "amount" }, money(line.cents)),
      iconButton("close", t("remove_line", { category: names[line.category] ?? line.label, amount: money(line.cents) }), () => remove(place)),
    )));
    pay.disabled = !total;
    pay.lastChild.textContent = total ? t("pay_amount", { amount: money(total) }) : t("pay");
  }

  function drawCategories() {
    const known = kept("categories") ?? [];
    const usual = known.filter((one) => one.usual);
    const others = known.filter((one) => !one.usual);
    const shown = all || !usual.length ? known : usual;
    buttons.classList.toggle("few", shown.length <= 2);
    buttons.replaceChildren(
      ...shown.map((one) => button(one.label, () => add(one), { kind: one.usual ? "category" : "category other" })),
      usual.length && others.length ? button(t(all ? "fewer_categories" : "more_categories"), () => ((all = !all), drawCategories()), {
        kind: "category more", "aria-expanded": String(all),
      }) : "",
    );
    toLastLine();
  }

  function toLastLine() {
    requestAnimationFrame(() => (list.parentElement.scrollTop = list.parentElement.scrollHeight));
  }

  async function refresh() {
    try {
      const answer = await fetchCategories();
      if (answer.status === 401) return void dispatchEvent(new CustomEvent("unpaired"));
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
    if (signal.aborted) return;
    if (kept("categories")) draw(), drawCategories();
    else buttons.replaceChildren(notice("bad", "warn", t("categories_unread")), button(t("again"), refresh, { kind: "wide" }));
  }

  draw();
  drawCategories();
  refresh();
  take({ key: press, card: (card) => (entry.cents ? done() : basket.lines.length ? onCard(card) : complain(t("key_amount"))) });
  return screen(
    { title: t("sale"), menu: onMenu, kind: "selling" },
    [h("div", { class: "receipt" }, list), h("div", { class: "keyed" }, amount, hint), buttons],
    [keypad(press), pay],
  );
}
