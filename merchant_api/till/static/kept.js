// What this till remembers when its page is closed: its token, the basket, and a payment whose fate is not known yet.
// Never a card, never a secret code.

const PLACE = "bonpois.till.";

export function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(PLACE + name));
  } catch {
    return null;
  }
}

export function keep(name, value) {
  if (value === null) localStorage.removeItem(PLACE + name);
  else localStorage.setItem(PLACE + name, JSON.stringify(value));
}
