// The calls of the contract (/docs). An answer is an answer, "no" included; everything else is `Lost`.

import { LANGUAGE } from "../base/words.js";
import { kept } from "./kept.js";

const PATIENCE_MS = 8000;

/** Nobody knows whether the request arrived: no network, no answer in time, or the service at fault (5xx). */
export class Lost extends Error {
  constructor(waitSeconds = 0, problem = null) {
    super("lost");
    this.waitSeconds = waitSeconds;
    this.problem = problem;
  }
}

/** Whether the last call came through, for whoever shows it. */
export const network = new EventTarget();

/** `{ok, status, body}`; an aborted `signal` loses the answer, too. */
export async function call(method, path, { body, key, signal } = {}) {
  const headers = { "Accept-Language": LANGUAGE };
  const device = kept("device");
  if (device) headers.Authorization = `Bearer ${device.token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetched(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" }, signal);
  if (answer.status >= 500) throw new Lost(answer.wait, answer.body);
  return answer;
}

async function fetched(path, options, signal) {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  const timer = setTimeout(stop, PATIENCE_MS);
  signal?.addEventListener("abort", stop);
  try {
    const response = await fetch(path, { ...options, signal: stopped.signal });
    const body = await response.json();
    tell(true);
    return { ok: response.ok, status: response.status, body, wait: Number(response.headers.get("Retry-After")) || 0 };
  } catch {
    if (!signal?.aborted) tell(false);
    throw new Lost();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function tell(there) {
  network.dispatchEvent(new CustomEvent("change", { detail: there }));
}
