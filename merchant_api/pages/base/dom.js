// Elements made by hand: no text ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  backspace: "M9 5h11v14H9l-6-7zM12 9.5l5 5m0-5l-5 5",
  balance: "M3 7h18v12H3zM3 11h18M7 15h3",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 110 7 3.5 3.5 0 010-7",
  check: "M4 12.5l5.5 5.5L20 7",
  clock: "M12 3a9 9 0 110 18 9 9 0 010-18zm0 5v4.5l3 2",
  close: "M6 6l12 12M18 6L6 18",
  day: "M5 4h14v17l-3-2-2.3 2L12 19l-1.7 2L8 19l-3 2zM9 9h6M9 13h6",
  keys: "M5 5h.01M12 5h.01M19 5h.01M5 12h.01M12 12h.01M19 12h.01M5 19h.01M12 19h.01M19 19h.01",
  light: "M9 18h6M10 21h4M12 3a6 6 0 00-3.5 10.900V15h7v-1.100A6 6 0 0012 3z",
  menu: "M4 7h16M4 12h16M4 17h16",
  offline: "M3 3l18 18M5 12a10 10 0 014-2.500M2 8.500A15 15 0 017 5.600M12 5c4 0 7.5 1.4 10 3.500M15.5 10a9 9 0 013.5 2M9 16a4.5 4.5 0 016 0M12 20h.01",
  plus: "M12 5v14M5 12h14",
  refund: "M9 6L4 11l5 5M4 11h10a6 6 0 010 12",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  settings: "M4 7h9m4 0h3M4 17h3m4 0h9M15 4.500v5M9 14.500v5",
  sound: "M4 9.500v5h4l5 4v-13l-5 4zM16.5 9a4 4 0 010 6M19 6.500a8 8 0 010 11",
  till: "M7 9V4h10v5M4 9h16v11H4zM8.500 13h.01M12 13h.01M15.500 13h.01M8.500 16.500h.01M12 16.500h.01M15.500 16.500h.01",
  stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16.500h.01",
  warn: "M12 4l9.5 16h-19zM12 10v4M12 17h.01",
};

/** An element with its properties and children; `on…` are listeners, `false` and `null` leave something out. */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A drawing for the eye; the words beside it say the same. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button: `kind` is a list of classes of base.css. */
export function button(label, onclick, { kind = "", drawing = null, ...properties } = {}) {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...properties }, drawing && icon(drawing), label);
}

/** A button of which only the drawing is seen; its name is told. */
export function iconButton(drawing, label, onclick, properties = {}) {
  return h("button", { type: "button", class: "button plain", "aria-label": label, title: label, onclick, ...properties }, icon(drawing));
}

/** What happened, in an icon, words and a number. */
export function notice(kind, drawing, title, detail = "", number = "") {
  const words = [h("p", { class: "title" }, title), detail && h("p", {}, detail), number && h("p", { class: "small number" }, number)];
  return h("div", { class: `notice ${kind}` }, icon(drawing), h("div", {}, words));
}

/** Reads a random id for a request, also where the browser is not in a secure context. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
