// What this device remembers when its page is closed: its token, and a movement whose fate is not known yet.

const PLACE = "bonpois.merchant.";

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
