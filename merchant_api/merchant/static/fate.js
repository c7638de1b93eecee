// A movement of money, until its fate is known. It keeps its key and what was asked, the owner's code included: sent
// again it is the same request, so it gets the same answer and debits nothing twice. That code is good once and for a
// minute; should the request never have arrived, it is refused by then, and nothing moves.

import { newKey } from "../base/dom.js";
import { Lost, call } from "./api.js";
import { keep, kept } from "./kept.js";

const PAUSES_MS = [500, 1000, 2000, 4000];
const SLOW_MS = 3000;
// What these say is no answer about this request: the device or the shop was stopped meanwhile.
const NO_FATE = new Set(["unauthorised", "out-of-scope", "merchant-not-active", "too-many-requests"]);

/** `about`: what the page tells of it. */
export function newMovement(kind, path, body, about) {
  return { key: newKey(), kind, path, body, about };
}

/** The movement that was not brought to its end when the page was closed, if any. */
export const unsettled = () => kept("pending");

/** The owner has seen what became of it. */
export const seen = () => keep("pending", null);

/** `{fate: "done" | "refused" | "unknown", body, late}`; asks until there is an answer. `onWait` hears of each attempt. */
export async function settled(movement, onWait, again = false) {
  keep("pending", movement);
  const slow = setTimeout(() => onWait(0), SLOW_MS);
  let lost = again;
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const { ok, body } = await call("POST", movement.path, { body: movement.body, key: movement.key });
        if (!ok && lost && NO_FATE.has(body.code)) return { fate: "unknown", body }; // and is asked again another time
        if (!ok) seen(); // what moved money stays kept until the owner has seen it
        return { fate: ok ? "done" : "refused", body, late: lost };
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        lost = true;
        onWait(tries);
        await pause(Math.max(PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1], error.waitSeconds * 1000));
      }
    }
  } finally {
    clearTimeout(slow);
  }
}

/** Less where the network comes back. */
function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done, { once: true });
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
  });
}
