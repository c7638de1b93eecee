// An amount as it is typed: `8 5 0` is 8.50, as on a card terminal; whoever types a comma says where the centimes begin.

const DIGITS_MAX = 7;

export class Entry {
  #units = "";
  #rest = null;

  get cents() {
    if (this.#rest === null) return Number(this.#units || 0);
    return Number(this.#units || 0) * 100 + Number(this.#rest.padEnd(2, "0"));
  }

  set cents(value) {
    this.#units = value ? String(value) : "";
    this.#rest = null;
  }

  /** Takes a key of the keypad or the keyboard; says whether it was one of an amount. */
  press(key) {
    if (/^\d{1,2}$/.test(key)) this.#digits(key);
    else if (key === "," || key === ".") this.#rest ??= "";
    else if (key === "Backspace") this.#back();
    else if (key === "Escape" || key === "Delete") this.cents = 0;
    else return false;
    return true;
  }

  #digits(digits) {
    for (const digit of digits) {
      if (this.#rest !== null) this.#rest = (this.#rest + digit).slice(0, 2);
      else if (this.#units.length < DIGITS_MAX && (this.#units || digit !== "0")) this.#units += digit;
    }
    if (this.#rest !== null) this.#units = this.#units.slice(0, DIGITS_MAX - 2);
  }

  #back() {
    if (this.#rest) this.#rest = this.#rest.slice(0, -1);
    else if (this.#rest === "") this.#rest = null;
    else this.#units = this.#units.slice(0, -1);
  }
}
