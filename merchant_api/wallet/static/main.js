// The wallet: which screen, and what the service says of it while there is a network.

import { h, icon, notice } from "../base/dom.js";
import { LANGUAGE, t } from "../base/words.js";
import { Lost, call } from "./calls.js";
import { cardsScreen } from "./cards.js";
import { enrolScreen } from "./enrol.js";
import { keep, kept } from "./keep.js";
import { drawing } from "./parts.js";
import { payScreen } from "./pay.js";
import { purchasesScreen } from "./purchases.js";
import { shopsScreen } from "./shops.js";

const LOOK_MS = 5_000;
const ENDS = { "card-blocked": "blocked", "wallet-unknown": "unknown" };

const root = document.getElementById("wallet");
const state = { wallet: null, seen: null, offset: 0, online: navigator.onLine, ended: null };
let shown = null;

/** Ask the service as this telephone; what ends the wallet is shown at once, wherever it is said. */
async function speak(method, path, body = null) {
  const answer = await call(method, path, { token: state.wallet.token, body });
  const ended = ENDS[answer.told.code];
  if (!answer.ok && ended && (ended !== "blocked" || method === "GET")) await end(ended);
  return answer;
}

async function end(how) {
  state.ended = how;
  await keep("ended", how);
  showEnd();
}

/** What is left, and how far the service's clock is ahead of this one: codes are reckoned by the service's. */
async function refresh() {
  const asked = Date.now();
  try {
    const { ok, told } = await speak("GET", "/wallet");
    state.online = true;
    if (ok) {
      const now = Date.now();
      state.offset = Date.parse(told.at) - (asked + now) / 2;
      state.seen = { ...told, at_here: now };
      await keep("seen", { ...state.seen, offset: state.offset });
    }
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    state.online = false;
  }
  if (!state.ended) shown?.look();
}

async function refreshWhileSeen() {
  if (!document.hidden && !state.ended && shown?.live) await refresh();
  setTimeout(refreshWhileSeen, LOOK_MS);
}

function tabs(screens) {
  const panels = h("div", { class: "panel" });
  const buttons = Object.entries(screens).map(([name, screen]) =>
    h("button", { type: "button", onclick: () => open(name) }, drawing(screen.drawing), h("span", {}, t(name))));
  const names = Object.keys(screens);

  function open(name) {
    buttons.forEach((one, place) => {
      if (names[place] === name) one.setAttribute("aria-current", "page");
      else one.removeAttribute("aria-current");
    });
    panels.replaceChildren(screens[name].panel);
    shown = screens[name];
    scrollTo(0, 0);
    shown.look();
  }

  root.replaceChildren(panels, h("nav", { class: "tabs", "aria-label": t("title") }, buttons));
  root.className = "with-tabs";
  open(names[0]);
}

function showWallet() {
  tabs({
    pay: { ...payScreen(state), drawing: "pay", live: true },
    purchases: { ...purchasesScreen(speak), drawing: "purchases" },
    shops: { ...shopsScreen(speak), drawing: "shops" },
    cards: { ...cardsScreen(state, speak, refresh), drawing: "card", live: true },
  });
}

function showEnd() {
  shown = null;
  root.className = "";
  document.querySelector("dialog")?.close();
  const rest = h("a", { class: "button wide", href: `/balance?lang=${LANGUAGE}` }, t("paper_balance"));
  const again = enrolScreen("", false, begun);
  again.querySelector("h1").remove();
  root.replaceChildren(h("section", { class: "stack" }, h("h1", {}, t(state.ended)),
    h("p", { class: "ended" }, icon("stop"), h("span", {}, t(`${state.ended}_about`))), rest), h("hr", {}), again);
}

async function begun() {
  location.replace(`/wallet?lang=${LANGUAGE}`); // without the code of the letter, as it will be opened from now on
}

async function start() {
  const [wallet, seen, ended] = await Promise.all(["wallet", "seen", "ended"].map(kept));
  const code = decodeURIComponent(location.hash.slice(1));
  Object.assign(state, { wallet, seen: seen ?? null, offset: seen?.offset ?? 0, ended: ended ?? null });
  if (code || !wallet) return root.replaceChildren(enrolScreen(code, Boolean(wallet && !ended), begun));
  if (ended) return showEnd();
  showWallet();
  await refresh();
  addEventListener("online", refresh);
  addEventListener("offline", refresh);
  document.addEventListener("visibilitychange", () => document.hidden || state.ended || refresh());
  return setTimeout(refreshWhileSeen, LOOK_MS);
}

/** The language chosen is the one that opens next time, with or without network. */
async function remember() {
  const chosen = localStorage.getItem("language");
  const asked = new URLSearchParams(location.search).get("lang");
  if (!asked && chosen && chosen !== LANGUAGE) return location.replace(`/wallet?lang=${chosen}${location.hash}`);
  if (asked) localStorage.setItem("language", LANGUAGE);
  const cache = await globalThis.caches?.open("language");
  await cache?.put("/language", new Response(LANGUAGE));
  return null;
}

start().catch(() => root.replaceChildren(notice("bad", "stop", t("no_keeping"), t("no_keeping_about"))));
remember().catch(() => null);
addEventListener("hashchange", () => location.reload());
for (const link of document.querySelectorAll("#languages a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    location.assign(`/wallet?lang=${link.lang}${location.hash}`);
  });
}
navigator.serviceWorker?.register("/wallet/worker.js", { scope: "/wallet" }).catch(() => null);
