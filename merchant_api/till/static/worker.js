// Keeps the page itself, so that a till whose network is away can be opened or loaded again and then asks what became of
// its last payment. It keeps no answer of the service: those are always asked for.
// `VERSION`, `PAGE` and `KEPT` are put before this by the service.

const SHELF = `till-${VERSION}`;
const PATIENCE_MS = 3000;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(KEPT)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("till-") && name !== SHELF);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (pathname === PAGE) event.respondWith(freshOrKept(event.request));
  else if (pathname.startsWith("/assets/")) event.respondWith(caches.match(event.request, { ignoreVary: true }).then((kept) => kept ?? fetch(event.request)));
});

/** The present page where it comes soon; else the one that is kept, in the language asked for. */
async function freshOrKept(request) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), PATIENCE_MS));
  const fresh = fetch(request).then((answer) => (answer.ok ? answer : Promise.reject(new Error("no page"))));
  return Promise.race([fresh, late]).catch(async () => {
    const shelf = await caches.open(SHELF);
    return (await shelf.match(request, { ignoreVary: true })) ?? (await shelf.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fresh;
  });
}
