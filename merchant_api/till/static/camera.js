// Reads QR codes from the camera: with the browser's own reader where it has one, else with the one that is shipped.

const PLACE = document.getElementById("till").dataset;
const PAUSE_MS = 70;

let reading = null;

/** Why there is no camera: `refused`, `none`, `insecure` or `not-installed`. */
export class NoCamera extends Error {}

async function newReader() {
  const formats = (await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (formats.includes("qr_code")) return new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  if (!PLACE.reader) throw new NoCamera("not-installed");
  const { BarcodeDetector, prepareZXingModule } = await import(PLACE.reader);
  const wasm = new URL(PLACE.wasm, location.href).href;
  await prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
  return new BarcodeDetector({ formats: ["qr_code"] });
}

/** Fetches the reader before it is needed, so that the first card is read at once. */
export function prepareCamera() {
  reading ??= newReader();
  reading.catch(() => (reading = null));
  return reading;
}

async function newStream() {
  if (!isSecureContext) throw new NoCamera("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera("none");
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    throw new NoCamera(error.name === "NotAllowedError" ? "refused" : "none");
  }
}

/** Shows the camera in `video` and calls `onCode` with each code seen, until `signal`; gives the lamp, if there is one. */
export async function readCodes(video, onCode, signal) {
  const [reader, stream] = await Promise.all([prepareCamera(), newStream()]).catch((error) => {
    throw error instanceof NoCamera ? error : new NoCamera("not-installed");
  });
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) return stop();
  signal.addEventListener("abort", stop);
  video.srcObject = stream;
  await video.play().catch(() => {});
  look(reader, video, onCode, signal);
  const [track] = stream.getVideoTracks();
  return track.getCapabilities?.().torch ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null;
}

async function look(reader, video, onCode, signal) {
  while (!signal.aborted) {
    const found = video.readyState >= 2 ? await reader.detect(video).catch(() => []) : [];
    if (signal.aborted) return;
    found.forEach((code) => onCode(code.rawValue));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
