// The till from screen to screen. Each step says where it leads; nothing else knows.

import { LANGUAGE, t } from "../base/words.js";
import { listenToScanner } from "./card.js";
import { prepareCamera } from "./camera.js";
import * as days from "./day.js";
import { Fate, newRequest, seen, unsettled } from "./fate.js";
import { keep, kept } from "./kept.js";
import * as more from "./more.js";
import { elsewhere, showPairing } from "./pairing.js";
import * as paying from "./paying.js";
import * as results from "./results.js";
import { basket, selling, totalOf, totals } from "./selling.js";
import { allowSound } from "./signals.js";
import { cardScanned, show } from "./ui.js";

/** What is to be paid: `lines`, and what earlier cards paid of the basket. */
function wholeBasket() {
  return { lines: totals(basket.lines), earlier: [] };
}

function toSale() {
  show(selling, { onPay: () => toCard(wholeBasket()), onCard: (card) => cardFound(wholeBasket(), card), onMenu: toMenu });
}

function toCard(due) {
  show(paying.card, { amount: totalOf(due.lines), onCard: (card) => cardFound(due, card), onBack: due.earlier.length ? newSale : toSale });
}

function cardFound(due, card) {
  if (card.needsPin) show(paying.pin, { amount: totalOf(due.lines), onPin: (pin) => pay(due, card, pin), onBack: () => toCard(due) });
  else pay(due, card);
}

function pay(due, card, pin = null) {
  const lines = due.lines.map(({ category, cents }) => ({ category, amount_cents: cents }));
  const body = { credential: card.credential, basket: lines, allow_partial: true, ...(pin && { pin }) };
  settle(new Fate(newRequest("sale", "/v1/redemptions", { due, amount: totalOf(due.lines) }), body), totalOf(due.lines), card);
}

function giveBack(sale, amount, reason) {
  const request = newRequest("refund", `/v1/redemptions/${sale.id}/refunds`, { amount, due: null });
  settle(new Fate(request, { amount_cents: amount, reason }), amount);
}

function takeBack(sale, due = null) {
  const request = newRequest("void", `/v1/redemptions/${sale.id}/void`, { amount: sale.approved_cents, due });
  settle(new Fate(request, {}), sale.approved_cents);
}

/** `card`, where a secret code was typed for it: so that it may be typed again. */
async function settle(fate, amount, card = null) {
  show(paying.waiting, { fate, amount });
  const outcome = await fate.settled();
  if (outcome.problem?.code === "unauthorised") return unpaired();
  if (outcome.fate === "unknown") return unknown(outcome);
  if (outcome.request.kind === "sale") return saleSettled(outcome, card);
  return returnSettled(outcome);
}

function saleSettled({ fate, request, result, problem, late }, card) {
  const { due } = request.about;
  if (fate === "approved") return paid(due, result, late);
  if (fate === "abandoned") return abandoned(due);
  const actions = {
    onPin: card?.needsPin ? () => cardFound(due, card) : null, onAgain: () => toCard(due), onOtherCard: () => toCard(due), onDone: newSale, onCard: (card) => cardFound(due, card),
    onBasket: due.earlier.length ? null : toSale, // a card paid a part of it: the basket is not to be paid whole any more
  };
  show(results.refused, { problem, left: totalOf(due.lines), actions });
}

function paid(due, sale, late) {
  const labels = Object.fromEntries(due.lines.map((line) => [line.category, line.label]));
  const rest = sale.lines.map((line) => ({ category: line.category, label: labels[line.category], cents: line.amount_cents - line.approved_cents }));
  const next = { lines: rest.filter((line) => line.cents > 0), earlier: [...due.earlier, sale.approved_cents] };
  show(results.approved, {
    sale: { ...sale, labels, paid_at: Date.now() }, earlier: due.earlier, late,
    onNew: newSale, onSecond: () => toCard(next), onVoid: () => takeBack(sale, due),
  });
}

function abandoned(due) {
  const back = due.earlier.length ? [] : [[t("to_basket"), toSale]];
  show(results.plain, { title: t("abandoned"), about: t("abandoned_about"), kind: "refused", drawing: "close",
    buttons: [[t("pay_otherwise"), newSale], [t("scan_again"), () => toCard(due)], ...back] });
}

/** A sale that was voided leaves its basket on the till: mostly it is keyed again, otherwise. */
function returnSettled({ fate, request, result, problem }) {
  const { kind, about } = request;
  const [label, next] = !about.due ? [t("back_to_day"), toDay]
    : about.due.earlier.length ? [t("second_card"), () => toCard(about.due)] : [t("to_basket"), toSale];
  const leave = () => (seen(), next());
  if (fate === "approved") {
    const words = kind === "void" ? t("voided") : t("refunded");
    return show(results.plain, { title: words, about: t("back_on_card"), amount: result.amount_cents, buttons: [[label, leave], [t("new_sale"), newSale]] });
  }
  const title = problem?.title ?? t("abandoned");
  const told = [problem?.detail ?? t("refund_abandoned"), problem && t("number", { number: problem.number })].filter(Boolean).join(" ");
  show(results.plain, { title, about: told, kind: "refused", drawing: "stop", buttons: [[label, leave], [t("new_sale"), newSale]] });
}

function unknown({ problem }) {
  const about = [problem?.title, problem?.number].filter(Boolean).join(" · ");
  show(results.plain, { title: t("unexpected"), about: `${t("unexpected_about")} ${about}`, kind: "refused", drawing: "warn", buttons: [[t("again"), start]] });
}

function newSale() {
  seen();
  basket.lines = [];
  toSale();
}

function toMenu() {
  show(more.menu, { onBack: toSale, onDay: toDay, onBalance: toBalanceCard, onSettings: toSettings });
}

function toDay() {
  show(days.day, { onBack: toSale, onSale: toOneSale });
}

function toOneSale(sale) {
  show(days.sale, { sale, onBack: toDay, onRefund: () => toRefund(sale), onVoid: () => takeBack(sale) });
}

function toRefund(sale) {
  show(days.refund, { sale, onBack: () => toOneSale(sale), onGive: (amount, reason) => giveBack(sale, amount, reason) });
}

function toBalanceCard() {
  const look = (card, pin = null) => show(more.balance, { card, pin, onBack: toSale, onAgain: toBalanceCard });
  const found = (card) => card.needsPin ? show(paying.pin, { onPin: (pin) => look(card, pin), onBack: toBalanceCard }) : look(card);
  show(paying.card, { onCard: found, onBack: toMenu });
}

function toSettings() {
  show(more.settings, { onBack: toMenu, onDisconnect: () => (forget(), start()) });
}

function forget() {
  for (const name of ["device", "categories", "basket"]) keep(name, null);
}

/** The token is of no use any more; a payment that is not settled stays kept, for after the till is connected again. */
function unpaired() {
  forget();
  showPairing(start, t("pair_again"));
}

/** A payment that was under way when the page was closed comes first. */
function start() {
  const code = location.hash.slice(1);
  if (code) history.replaceState(null, "", location.pathname + location.search);
  if (!kept("device")) return showPairing(start, null, code);
  prepareCamera().catch(() => {});
  const request = unsettled();
  if (request) settle(new Fate(request), request.about.amount);
  else toSale();
}

/** A till that lies on the counter does not go dark. */
function stayAwake() {
  if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
}

/** Only one window of the browser is the till: it holds a lock as long as it is open. */
function open(options = { ifAvailable: true }) {
  if (!navigator.locks) return start();
  const held = navigator.locks.request("bonpois-till", options, (lock) => {
    if (!lock) return show(elsewhere, () => open({ steal: true }));
    start();
    return new Promise(() => {});
  });
  held.catch((error) => {
    if (error.name !== "AbortError") throw error;
    show(elsewhere, () => open({ steal: true })); // another window took it
  });
}

const wanted = kept("language");
const asked = new URLSearchParams(location.search).get("lang");
if (wanted && wanted !== LANGUAGE && asked !== wanted) location.replace(`/till?lang=${wanted}${location.hash}`);
else {
  addEventListener("unpaired", unpaired);
  addEventListener("hashchange", () => location.hash && !kept("device") && start());
  addEventListener("pointerdown", allowSound);
  addEventListener("keydown", allowSound);
  listenToScanner(cardScanned);
  addEventListener("visibilitychange", stayAwake);
  stayAwake();
  navigator.serviceWorker?.register("/till/worker.js", { scope: "/till" }).catch(() => {}); // without it the page needs its network
  open();
}
