// The code to pay with: drawn anew every 30 seconds on the telephone itself, with or without network.

import { h, icon } from "../base/dom.js";
import { t } from "../base/words.js";
import { STEP_MS, codeAt, symbol } from "./codes.js";
import { balance, instant, time } from "./parts.js";

const TICK_MS = 250;

/** `state`: wallet, seen, offset (the service's clock less this one), online. Gives the panel, and how to look again. */
export function payScreen(state) {
  const left = h("div", {});
  const square = h("div", { class: "square" });
  const bar = h("progress", { class: "bar", max: STEP_MS, "aria-hidden": "true" });
  const next = h("p", { class: "next number" });
  const about = h("p", { class: "soft about" });
  const panel = h("div", { class: "pay" }, h("h1", { class: "unseen" }, t("pay")), left, h("section", { class: "paying" }, square, bar, next, about));
  let drawn = null;

  async function draw(step) {
    const used = step <= (state.seen?.last_step ?? 0);
    const now = `${step} ${used}`;
    if (drawn === now) return;
    drawn = now;
    if (used) {
      square.replaceChildren(h("div", { class: "used" }, icon("check"), h("p", {}, t("code_used"))));
      document.getElementById("said").textContent = t("code_used");
    } else {
      const text = `BP1/${state.wallet.number}/${await codeAt(state.wallet.key, step)}`;
      if (drawn === now) square.replaceChildren(symbol(text, t("code")));
    }
    square.dataset.step = step;
    about.textContent = used ? t("code_used_about") : t("show_code");
  }

  function tick() {
    const now = Date.now() + state.offset;
    const step = Math.floor(now / STEP_MS);
    const ready = (Math.max(step, state.seen?.last_step ?? 0) + 1) * STEP_MS; // when a code comes that pays
    bar.value = Math.min(STEP_MS, ready - now);
    const words = t("next_code", { time: time(Math.ceil((ready - now) / 1000)) });
    if (next.textContent !== words) next.textContent = words;
    draw(step);
  }

  function look() {
    const seen = state.seen;
    left.replaceChildren(seen ? balance(seen) : h("div", { class: "balance" }));
    if (!state.online) {
      const when = seen && h("span", {}, ` ${t("as_of", { time: instant(seen.at_here) })}.`);
      left.append(h("p", { class: "offline small" }, icon("offline"), h("span", {}, t("offline"), when)));
    }
    tick();
  }

  setInterval(tick, TICK_MS);
  return { panel, look };
}
