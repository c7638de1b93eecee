// A request that moves money, until its fate is known. It keeps its key: sent again it debits nothing twice, and a key
// that is given up is closed for ever (POST /v1/redemptions/abandon), so that what is only late cannot debit either.

import { newKey } from "../base/dom.js";
import { call, Lost } from "./api.js";
import { keep, kept } from "./kept.js";

const PAUSES_MS = [500, 1000, 2000, 4000];
const SLOW_MS = 4000;

/** What is kept of a request beside its key: `about` says what for. The card and the secret code are not in it. */
export function newRequest(kind, path, about) {
  return { key: newKey(), kind, path, about };
}

/** The request that was not brought to its end when the page was closed, if any. */
export function unsettled() {
  return kept("pending");
}

/** The cashier has seen what became of it. */
export function seen() {
  keep("pending", null);
}

export class Fate extends EventTarget {
  #request;
  #body;
  #givingUp;
  #wake = () => {};
  #hurry = false;
  #flight = new AbortController();
  tries = 0;
  lost = false;
  state = "sending";

  /** Without a body, after the page was loaded again, it can only be asked what became of the request. */
  constructor(request, body = null) {
    super();
    this.#request = request;
    this.#body = body;
    this.#givingUp = body === null;
    this.lost = body === null;
    if (body === null) this.state = "checking";
  }

  get canGiveUp() {
    return !this.#givingUp && this.state === "checking";
  }

  /** Stop sending, and close the key. */
  giveUp() {
    this.#givingUp = this.#hurry = true;
    this.#flight.abort();
    this.#tell("giving-up");
    this.#wake();
  }

  /** `{fate: "approved" | "refused" | "abandoned" | "unknown", result, problem, late}`; asks until there is an answer. */
  async settled() {
    keep("pending", this.#request);
    const slow = setTimeout(() => this.state === "sending" && this.#tell("checking"), SLOW_MS);
    const wake = () => this.#wake();
    addEventListener("online", wake);
    try {
      return this.#ended(await this.#untilKnown());
    } finally {
      clearTimeout(slow);
      removeEventListener("online", wake);
    }
  }

  async #untilKnown() {
    for (;;) {
      this.tries += 1;
      try {
        return await (this.#givingUp ? this.#asked() : this.#sent());
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        this.lost = true;
        this.#tell(this.state === "giving-up" ? "giving-up" : "checking");
        if (!this.#hurry) await this.#pause(error.waitSeconds);
        this.#hurry = false;
      }
    }
  }

  async #sent() {
    const answer = await call("POST", this.#request.path, { body: this.#body, key: this.#request.key, signal: this.#flight.signal });
    if (answer.ok) return { fate: "approved", result: answer.body, late: false };
    if (answer.body.code === "request-abandoned") return { fate: "abandoned" };
    if (!this.lost) return { fate: "refused", problem: answer.body };
    const asked = await this.#asked(); // an earlier try may have arrived after all: only the key knows
    return asked.fate === "abandoned" ? { fate: "refused", problem: answer.body } : asked;
  }

  async #asked() {
    const answer = await call("POST", "/v1/redemptions/abandon", { body: { idempotency_key: this.#request.key } });
    if (!answer.ok) return { fate: "unknown", problem: answer.body };
    const { fate, redemption, refund, refusal } = answer.body;
    return { fate, result: redemption ?? refund, problem: refusal, late: true };
  }

  /** What moved money stays kept until the cashier has seen it; what is not known, until it is. */
  #ended(outcome) {
    if (outcome.fate === "refused" || outcome.fate === "abandoned") seen();
    return { request: this.#request, ...outcome };
  }

  #pause(seconds) {
    const usual = PAUSES_MS[Math.min(this.tries - 1, PAUSES_MS.length - 1)];
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(usual, seconds * 1000));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
