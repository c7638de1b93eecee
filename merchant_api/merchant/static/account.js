// What the shop has, what can be done with it, and what is on its way to euros.

import { button, h, icon } from "../base/dom.js";
import { money, t } from "../base/words.js";
import { call } from "./api.js";
import { dayNamed, dayOf, pois, reading, screen } from "./parts.js";

const ROWS = 20;
const OPEN = new Set(["requested", "returned"]);

export function account(signal, { onConvert, onCoupons, onPay, onCancel }) {
  const held = h("section", { class: "held" });
  const list = h("section", { class: "stack" });
  const move = (act) => async () => act(await balance());
  const doing = h("div", { class: "buttons doing" },
    button(t("convert"), move(onConvert), { kind: "strong wide tall" }), button(t("pay"), move(onPay), { kind: "wide" }), button(t("coupons"), move(onCoupons), { kind: "wide" }));
  let last = null;
  doing.inert = true;

  /** As it is now, should a sale have come in since; as it was seen, where that cannot be read. */
  async function balance() {
    const answer = await call("GET", "/merchant/balance").catch(() => null);
    if (answer?.ok) last = answer.body;
    return last;
  }

  const drawHeld = (found) => {
    last = found;
    doing.inert = false;
    const { balance_cents: cents, converting_cents: converting } = found;
    return [h("h2", { class: "soft small" }, t("held")), h("p", { class: "huge amount" }, pois(cents)),
      ...(converting ? [h("p", { class: "way" }, icon("clock"), h("span", {}, t("converting", { amount: money(converting) })))] : [])];
  };

  const drawList = (page) => {
    const rows = h("ul", { class: "list" }, page.conversions.map(row));
    const foot = h("div", {});
    const next = (cursor) => foot.replaceChildren(...(cursor ? [button(t("more"), () => reading(foot, `/conversions?cursor=${cursor}`, more), { kind: "wide" })] : []));
    const more = ({ conversions, next_cursor: cursor }) => (rows.append(...conversions.map(row)), setTimeout(() => next(cursor)), []);
    next(page.next_cursor);
    return [h("h2", {}, t("conversions")), page.conversions.length ? rows : h("p", { class: "soft" }, t("no_conversions")), foot];
  };

  function row(one) {
    const paid = one.state === "paid";
    const state = t(`state_${one.state}`, { day: paid && dayNamed(one.paid_on) });
    const asked = dayOf(one.requested_at);
    return h("li", { class: `conversion ${one.state}` }, h("div", { class: "grow" },
      h("p", { class: "name amount" }, pois(one.amount_cents)), h("p", { class: "state small" }, paid ? icon("check") : OPEN.has(one.state) && icon("clock"), state),
      paid ? h("p", { class: "soft small" }, t("paid_net", { net: money(one.net_cents), commission: money(one.commission_cents) }))
        : h("p", { class: "soft small" }, t("asked_on", { day: asked }))),
    OPEN.has(one.state) && button(t("cancel"), () => onCancel(one), { kind: "little", "aria-label": t("cancel_of", { amount: money(one.amount_cents), day: asked }) }));
  }

  const look = () => Promise.all([reading(held, "/merchant/balance", drawHeld), reading(list, `/conversions?limit=${ROWS}`, drawList)]);
  const back = () => document.hidden || look();
  document.addEventListener("visibilitychange", back, { signal });
  look();
  return screen({ title: t("account") }, held, doing, list);
}
