// The frame around every screen: where one is, what the network does, and how one gets elsewhere.

import { h, icon, iconButton } from "../base/dom.js";
import { t } from "../base/words.js";
import { network } from "./api.js";
import { kept } from "./kept.js";

const ROOT = document.getElementById("till");
const SAID = document.getElementById("said");

const HELD_MS = 400;

let leaving = new AbortController();
let held = false;
let onKey = null;
let onCard = null;

/** Puts a screen in place of the present one. `build` gets a signal that ends with the screen. */
export function show(build, ...facts) {
  leaving.abort();
  leaving = new AbortController();
  onKey = onCard = null;
  const screen = build(leaving.signal, ...facts);
  ROOT.replaceChildren(screen);
  scrollTo(0, 0);
  held = screen.matches(".done, .refused");
  if (held) hold(screen);
  else focus(screen);
}

function focus(screen) {
  (screen.querySelector("[data-focus]") ?? screen.querySelector("h1"))?.focus({ preventScroll: true });
}

/** An answer may come faster than the second half of a double touch: it is not to be answered before it is seen. */
function hold(screen) {
  const foot = screen.querySelector("footer");
  foot.inert = true;
  screen.querySelector("h1").focus({ preventScroll: true });
  setTimeout(() => {
    foot.inert = false;
    if (!screen.isConnected) return;
    held = false;
    focus(screen);
  }, HELD_MS);
}

/** What a screen does with a key that no control of it takes; with a card that a hand scanner reads. */
export function take({ key = null, card = null }) {
  onKey = key;
  onCard = card;
}

export function cardScanned(card) {
  onCard?.(card);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.matches("input") || (event.key === "Enter" && event.target.matches("button, summary"))) return;
  if (held || (event.repeat && event.key === "Enter") || document.querySelector("dialog[open]")) return;
  if (onKey?.(event.key)) event.preventDefault();
});

/** For whoever hears the page instead of seeing it. */
export function say(...words) {
  SAID.textContent = words.filter(Boolean).join(" ");
}

/** A screen: `back` and `menu` are what its buttons do; the middle scrolls, the foot stays under the thumb. */
export function screen({ title, back = null, menu = null, kind = "" }, middle, foot = null) {
  const device = kept("device");
  return h(
    "main", { class: `screen ${kind}` },
    h(
      "header", {},
      back && iconButton("back", t("back"), back),
      h("div", { class: "grow" }, h("h1", { tabindex: "-1" }, title), device && back === null && h("p", { class: "soft small" }, device.merchant)),
      device?.scope === "training" && h("span", { class: "badge" }, t("training")),
      offline(),
      menu && iconButton("menu", t("menu"), menu),
    ),
    h("div", { class: "middle" }, middle),
    foot && h("footer", {}, foot),
  );
}

let there = true;
network.addEventListener("change", (event) => turn(event.detail));
addEventListener("offline", () => turn(false));
addEventListener("online", () => turn(true));

function offline() {
  return h("span", { class: "badge offline", hidden: there }, icon("offline"), t("no_network"));
}

function turn(now) {
  if (now === there) return;
  there = now;
  document.querySelectorAll(".offline").forEach((badge) => (badge.hidden = now));
  if (!now) say(t("no_network"));
}

/** Keys of an amount or of a secret code; `last` is the key beside the 0. */
export function keypad(press, first, last) {
  const key = (digit) => h("button", { type: "button", class: "button", onclick: () => press(digit) }, digit);
  return h("div", { class: "keypad" }, [..."123456789"].map(key), first ?? key("00"), key("0"), last ?? backspace(press));
}

export function backspace(press) {
  return iconButton("backspace", t("delete"), () => press("Backspace"), { class: "button side" });
}

/** A question before something that cannot be undone. */
export function ask(title, about, label, act) {
  const close = () => dialog.close();
  const dialog = h(
    "dialog", { "aria-labelledby": "asked" },
    h("h2", { id: "asked" }, title), h("p", {}, about),
    h(
      "div", { class: "buttons" },
      h("button", { type: "button", class: "button strong wide", onclick: () => (close(), act()) }, label),
      h("button", { type: "button", class: "button wide", onclick: close }, t("keep")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
