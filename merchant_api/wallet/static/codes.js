// One-time codes (RFC 6238: SHA-256, 8 digits, 30 s) from a key that stays inside the browser, and their QR symbol.

import { encodeQR } from "../vendor/qr/index.js";

export const STEP_MS = 30_000;
const DIGITS = 8, QUIET = 4, ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", SVG = "http://www.w3.org/2000/svg";

/** The key of a base32 secret (RFC 4648), to sign with and never to be read again. */
export async function keyOf(secret) {
  const bits = Array.from(secret, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g), (byte) => Number.parseInt(byte, 2));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  bytes.fill(0);
  return key;
}

/** The code of a step: dynamic truncation (RFC 4226 §5.3). */
export async function codeAt(key, step) {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const place = mac.getUint8(mac.byteLength - 1) & 15;
  return String((mac.getUint32(place) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, "0");
}

/** The symbol of a text in alphanumeric mode, as small as it can be, black on white also by night, with its quiet zone. */
export function symbol(text, label) {
  const modules = encodeQR(text, "raw", { ecc: "low", border: QUIET });
  const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  const svg = document.createElementNS(SVG, "svg");
  const dark = document.createElementNS(SVG, "path");
  const attributes = { viewBox: `0 0 ${modules.length} ${modules.length}`, role: "img", "aria-label": label };
  for (const [name, value] of Object.entries({ ...attributes, "shape-rendering": "crispEdges" })) svg.setAttribute(name, value);
  dark.setAttribute("d", path);
  svg.append(dark);
  return svg;
}
