// The calls of the contract (/docs). An answer is an answer, "no" included; everything else is `Lost`.

import { LANGUAGE } from "../base/words.js";
import { kept } from "./kept.js";

const PATIENCE_MS = 10_000;

/** Nobody knows whether the request arrived: no network, no answer in time, or the service at fault (5xx). */
export class Lost extends Error {
  constructor(waitSeconds = 0) {
    super("lost");
    this.waitSeconds = waitSeconds;
  }
}

/** `{ok, body}`; a device that is not known any more is told to the page. */
export async function call(method, path, { body, key } = {}) {
  const headers = { "Accept-Language": LANGUAGE };
  const device = kept("device");
  if (device) headers.Authorization = `Bearer ${device.token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetched(`/v1${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  if (answer.status >= 500) throw new Lost(answer.wait);
  if (answer.body.code === "unauthorised" && device) dispatchEvent(new Event("unpaired"));
  return answer;
}

async function fetched(path, options) {
  try {
    const response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    const body = await response.json();
    return { ok: response.ok, status: response.status, body, wait: Number(response.headers.get("Retry-After")) || 0 };
  } catch {
    throw new Lost();
  }
}
