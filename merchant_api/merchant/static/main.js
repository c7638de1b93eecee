// The merchant's page from screen to screen. Each step says where it leads; nothing else knows.

import { h, icon } from "../base/dom.js";
import { LANGUAGE, money, t } from "../base/words.js";
import { account } from "./account.js";
import { devices } from "./devices.js";
import { newMovement, seen, settled, unsettled } from "./fate.js";
import { keep, kept } from "./kept.js";
import * as moving from "./moving.js";
import { pairing } from "./pairing.js";
import { dayOf, pois, show } from "./parts.js";
import { settings } from "./settings.js";
import { statement } from "./statement.js";

const TABS = {
  account: { drawing: "balance", open: () => withTabs("account", account, { onConvert: toConvert, onCoupons: toCoupons, onPay: toPay, onCancel: toCancel }) },
  statement: { drawing: "day", open: () => withTabs("statement", statement) },
  devices: { drawing: "till", open: () => withTabs("devices", devices) },
  settings: { drawing: "settings", open: () => withTabs("settings", settings, { onForget: () => (forget(), start()) }) },
};
const toAccount = () => TABS.account.open();

function withTabs(name, build, facts) {
  const one = ([tab, { drawing, open }]) =>
    h("button", { type: "button", onclick: open, "aria-current": tab === name && "page" }, icon(drawing), h("span", {}, t(tab)));
  show((signal) => [build(signal, facts), h("nav", { class: "tabs", "aria-label": t("title") }, Object.entries(TABS).map(one))]);
}

function toConvert(held) {
  if (!held) return toAccount();
  const onAmount = (cents) => check({
    kind: "convert", path: "/conversions", body: { amount_cents: cents }, about: { cents },
    facts: { title: t("convert"), lines: moving.conversionLines(cents, held.commission_basis_points), label: t("convert_now", { amount: money(cents) }) },
    back: () => toConvert(held),
  });
  return show(moving.amount, { title: t("convert"), about: t("convert_about"), held: held.balance_cents, onAmount, onBack: toAccount });
}

function toCoupons(held) {
  if (!held) return toAccount();
  const onAmount = (cents) => check({
    kind: "coupons", path: "/coupons", body: { amount_cents: cents }, about: { cents },
    facts: { title: t("coupons"), lines: [[t("line_left"), pois(held.balance_cents - cents)], [t("line_coupons"), pois(cents)]], label: t("coupons_now", { amount: money(cents) }) },
    back: () => toCoupons(held),
  });
  return show(moving.amount, { title: t("coupons"), about: t("coupons_about"), held: held.balance_cents, check: moving.wholeOnly, onAmount, onBack: toAccount });
}

function toPay(held) {
  if (!held) return toAccount();
  return show(moving.payee, { onPayee: (shop) => toPayAmount(held, shop), onBack: toAccount });
}

function toPayAmount(held, shop) {
  const onAmount = (cents) => check({
    kind: "pay", path: "/payments", body: { to_siret: shop.siret, amount_cents: cents }, about: { cents, name: shop.name },
    facts: { title: t("pay"), lines: [[t("line_to"), moving.shopWords(shop)], [t("line_left"), pois(held.balance_cents - cents)], [t("line_pay"), pois(cents)]], label: t("pay_now", { amount: money(cents) }) },
    back: () => toPayAmount(held, shop),
  });
  show(moving.amount, { title: t("pay"), about: `${shop.name} · ${shop.town}`, held: held.balance_cents, onAmount, onBack: () => toPay(held) });
}

function toCancel(conversion) {
  const cents = conversion.amount_cents;
  check({
    kind: "cancel", path: `/conversions/${conversion.id}/cancel`, body: {}, about: { cents },
    facts: { title: t("cancel_title"), lines: [[t("asked_on", { day: dayOf(conversion.requested_at) }), ""], [t("line_back"), pois(cents)]], label: t("cancel_now") },
    back: toAccount,
  });
}

/** `asked`: kind, path, body without the code, what to tell. `problem`: why the code typed before did not do. */
function check(asked, problem = null) {
  const onCode = (code) => settle(newMovement(asked.kind, asked.path, { ...asked.body, owner_code: code }, asked.about), (found) => check(asked, found));
  show(moving.confirm, { ...asked.facts, problem, onCode, onBack: asked.back });
  return null;
}

const ABOUT_THE_CODE = new Set(["code-refused", "code-already-used"]);

/** `retype`: back to the code, with what was wrong about it; not after the page was loaded again. */
async function settle(movement, retype = null) {
  const earlier = unsettled(); // another window of this browser may have one under way: that one first
  if (earlier && earlier.key !== movement.key) return settle(earlier);
  let wait = () => {};
  show(moving.waiting, { again: !retype, hear: (listener) => (wait = listener) });
  const outcome = await settled(movement, (tries) => wait(tries), !retype);
  if (!kept("device")) return null; // it is not known any more, and the page says so
  if (outcome.fate === "done") return done(movement, outcome);
  if (outcome.fate === "refused" && !outcome.late && retype && ABOUT_THE_CODE.has(outcome.body.code)) return retype(outcome.body);
  const unknown = outcome.fate === "unknown";
  return show(moving.told, {
    title: t(unknown ? "unknown" : "refused"), about: t(unknown ? "unknown_about" : "refused_about"), kind: "refused", drawing: unknown ? "warn" : "stop",
    problem: outcome.body, buttons: [[t("to_account"), toAccount], [t("to_statement"), () => TABS.statement.open()]],
  });
}

function done({ kind, about }, { body, late }) {
  const leave = (next) => () => (seen(), next());
  show(moving.told, {
    title: t(`${kind}_done`), amount: pois(body.amount_cents ?? about.cents), about: t(`${kind}_done_about`, about), late,
    buttons: [[t("to_account"), leave(toAccount)], [t("to_statement"), leave(() => TABS.statement.open())]],
  });
}

function forget() {
  keep("device", null);
}

/** The token is of no use any more; a movement that is not settled stays kept, for after it is connected again. */
function unpaired() {
  forget();
  show(pairing, { onPaired: start, told: t("pair_again") });
}

/** A movement that was under way when the page was closed comes first. */
function start() {
  const code = decodeURIComponent(location.hash.slice(1));
  if (code) history.replaceState(null, "", location.pathname + location.search);
  if (!kept("device")) return show(pairing, { onPaired: start, code });
  const movement = unsettled();
  return movement ? settle(movement) : toAccount();
}

const wanted = kept("language");
const asked = new URLSearchParams(location.search).get("lang");
if (wanted && wanted !== LANGUAGE && asked !== wanted) location.replace(`/merchant?lang=${wanted}${location.hash}`);
else {
  addEventListener("unpaired", unpaired);
  addEventListener("hashchange", () => location.hash && !kept("device") && start());
  start();
}
