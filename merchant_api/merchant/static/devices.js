// The shop's tills: what is connected, one more, one less.

import { button, h, notice } from "../base/dom.js";
import { clockTime, t } from "../base/words.js";
import { Lost, call } from "./api.js";
import { ask, codeField, codeIn, form, moment, reading, refusal, screen } from "./parts.js";

export function devices(_signal) {
  const list = h("section", { class: "stack" });

  const draw = ({ tills }) => {
    const [working, former] = [true, false].map((paired) => tills.filter((one) => (one.state === "paired") === paired));
    return [h("ul", { class: "list" }, working.map(row)),
      ...(former.length ? [h("details", {}, h("summary", {}, t("former", { count: former.length })), h("ul", { class: "list" }, former.map(row)))] : [])];
  };

  function row(one) {
    const name = t(`scope_${one.scope}`);
    const used = one.scope === "till" && h("p", { class: "soft small" }, one.last_sale_at ? t("last_sale", { day: moment(one.last_sale_at) }) : t("no_sale"));
    const since = t("connected_on", { day: moment(one.paired_at) });
    return h("li", { class: "device" }, h("div", { class: "grow" }, h("p", { class: "name" }, name, one.here && h("span", { class: "badge here" }, t("here"))), used, h("p", { class: "soft small" }, since)),
      one.state === "paired" ? button(t("disconnect"), () => disconnect(one), { kind: "bad little", "aria-label": t("disconnect_of", { device: `${name}, ${since}` }) })
        : h("span", { class: "soft small" }, t("disconnected")));
  }

  /** With the owner's code; gives the fault to be shown, or hands the answer on. */
  async function order(path, { code }, done) {
    if (!/^\d{8}$/.test(codeIn(code))) return t("code_eight");
    try {
      const { ok, body } = await call("POST", path, { body: { owner_code: codeIn(code) } });
      if (!ok) return refusal(body);
      return done(body);
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
      look();
      return notice("warn", "offline", t("lost_asked"));
    }
  }

  function disconnect(one) {
    const send = (typed) => order(`/merchant/tills/${one.id}/revoke`, typed, () => {
      dialog.close();
      look(); // where it was this one, the page learns from the list that it is not known any more
    });
    const dialog = ask(t(one.here ? "disconnect_here" : "disconnect_till"), h("p", { class: "name" }, t(`scope_${one.scope}`)), h("p", { class: "soft small" }, t("connected_on", { day: moment(one.paired_at) })),
      h("p", {}, t("disconnect_about")), form(send, t("disconnect"), { kind: "bad wide" }, codeField()));
  }

  function invite() {
    const send = (typed) => order("/merchant/tills/invite", typed, (invitation) => {
      dialog.close();
      showCode(invitation);
    });
    const dialog = ask(t("invite"), h("p", {}, t("invite_about")), form(send, t("invite_now"), { kind: "strong wide" }, codeField()));
  }

  function showCode({ pairing_code: code, expires_at: until }) {
    const square = h("div", { class: "square" });
    const address = `${location.host}/till`;
    drawCode(square, `${location.origin}/till#${code}`);
    const dialog = ask(t("invited"), square, h("p", { class: "paircode number" }, code), h("p", {}, t("invited_about", { address })), h("p", { class: "soft small" }, t("invited_until", { time: clockTime(until) })));
    dialog.lastChild.lastChild.lastChild.textContent = t("done");
    dialog.addEventListener("close", look);
  }

  const look = () => reading(list, "/merchant/tills", draw);
  look();
  return screen({ title: t("devices") }, button(t("invite"), invite, { kind: "strong wide", drawing: "plus" }), list);
}

/** Where what draws it is not installed, the code is typed. */
async function drawCode(square, text) {
  try {
    const { symbol } = await import("../wallet/codes.js");
    square.append(symbol(text, t("invited_symbol")));
  } catch {
    square.remove();
  }
}
