// For ear and hand: a till is not always looked at.

import { kept } from "./kept.js";

let audio = null;

/** Browsers allow sound only after a touch. */
export function allowSound() {
  if (kept("quiet")) return;
  audio ??= globalThis.AudioContext ? new AudioContext() : null;
  audio?.resume().catch(() => {});
}

function tone(hertz, start, seconds) {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(0.0001, audio.currentTime + start);
  volume.gain.exponentialRampToValueAtTime(0.25, audio.currentTime + start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + start + seconds);
  oscillator.connect(volume).connect(audio.destination);
  oscillator.start(audio.currentTime + start);
  oscillator.stop(audio.currentTime + start + seconds);
}

function signal(tones, pattern) {
  if (kept("quiet")) return;
  if (navigator.userActivation?.hasBeenActive ?? true) navigator.vibrate?.(pattern);
  if (audio?.state === "running") tones.forEach(([hertz, start, seconds]) => tone(hertz, start, seconds));
}

export const signals = {
  good: () => signal([[660, 0, 0.12], [990, 0.13, 0.25]], 60),
  part: () => signal([[660, 0, 0.12], [880, 0.13, 0.12], [880, 0.3, 0.12]], [60, 60, 60]),
  bad: () => signal([[220, 0, 0.18], [180, 0.22, 0.3]], [180, 80, 180]),
  read: () => signal([[1400, 0, 0.06]], 30),
};
