// What a QR code or a number says, and a hand scanner that types it.

/** `{credential, needsPin}` of what was read or typed, or null where it is no card. */
export function cardOf(text) {
  const plain = text.replace(/\s/g, "").toUpperCase();
  if (/^BP1\/\d{10}\/\d{8}$/.test(plain)) return { credential: plain, needsPin: false };
  if (/^BP1\/\d{10}\/[0-9A-Z]{4,20}$/.test(plain)) return { credential: plain, needsPin: true };
  const number = plain.replace(/[.-]/g, "");
  return /^\d{10}$/.test(number) && checks(number) ? { credential: number, needsPin: true } : null;
}

/** The last digit of a number tells whether one of the others was mistyped (Luhn, ISO/IEC 7812-1). */
function checks(number) {
  const sum = [...number].reverse().reduce((total, digit, place) => {
    const doubled = place % 2 ? digit * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

// Where a key lies on the keyboard that most scanners are set to play (US). On a computer set to another layout the
// letters that arrive are others (on a French one `BP1/` is `BP&!`), but the places are the same.
const US = { Slash: "/", NumpadDivide: "/", Minus: "-", Space: " " };

function placeOf({ code }) {
  return /^(Key|Digit|Numpad).$/.exec(code) ? code.at(-1) : (US[code] ?? "");
}

const BURST_MS = 400; // a slow scanner on a busy telephone; nobody types a B on this page

/** Calls `onCard` with each card that a hand scanner types, and keeps its keys from everything else on the page. */
export function listenToScanner(onCard) {
  let keys = "", places = "", last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches?.("[data-letters]")) return;
    const goesOn = event.timeStamp - last < BURST_MS && places !== "";
    if (!goesOn && event.code !== "KeyB" && event.key.toUpperCase() !== "B") return;
    if (!goesOn) keys = places = "";
    last = event.timeStamp;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Enter" || event.key === "Tab") {
      const card = cardOf(keys) ?? cardOf(places);
      keys = places = "";
      if (card) onCard(card);
    } else if (event.key.length === 1) {
      keys += event.key;
      places += placeOf(event) || "?";
    }
  }, true);
}
