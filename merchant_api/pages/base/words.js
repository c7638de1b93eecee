// The texts of the page, which came with it, and amounts and times as its readers write them.

const WORDS = JSON.parse(document.querySelector('meta[name="words"]').content);

export const LANGUAGE = document.documentElement.lang;
// Arabic with the digits that French tills show.
export const LOCALE = { ar: "ar-u-nu-latn", en: "en-GB", es: "es-ES", fr: "fr-FR" }[LANGUAGE] ?? LANGUAGE;

/** The words of that name, with facts in place of `{fact}`. */
export function t(name, facts = {}) {
  const words = WORDS[name];
  if (words === undefined) throw new Error(`no words for ${name}`);
  return words.replace(/\{(\w+)\}/g, (_, fact) => facts[fact]);
}

/** `8,50` or `8.50`, and `1 234,00` or `1,234.00`: amounts are in Pois or in euros, which are worth the same. */
export function money(cents) {
  return (cents / 100).toLocaleString(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** The time of the day in Paris, by which the books count their days. */
export function clockTime(instant) {
  return new Date(instant).toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Paris" });
}

/** A day such as `6 octobre`. */
export function dayName(day) {
  return new Date(`${day}T12:00:00`).toLocaleDateString(LOCALE, { weekday: "long", day: "numeric", month: "long" });
}

/** `12 s`, or `3 min` where it is longer. */
export function duration(seconds) {
  return seconds < 100 ? `${seconds}\u00a0s` : `${Math.ceil(seconds / 60)}\u00a0min`;
}
