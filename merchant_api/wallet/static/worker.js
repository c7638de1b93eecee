// Lets the wallet open without network: its pages and files are kept as of one version, and nothing else is.
// VERSION and KEPT stand before this, written by the service.

const OURS = "wallet-", SHELF = OURS + VERSION; // other pages have shelves of their own

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(SHELF);
    await cache.addAll(KEPT.map((address) => new Request(address, { cache: "reload", credentials: "omit" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== SHELF).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

/** The page in the language asked for, else in the one that was chosen last. */
async function page(address) {
  const cache = await caches.open(SHELF);
  const asked = address.searchParams.get("lang") ?? (await (await caches.match("/language"))?.text());
  return cache.match(`/wallet?lang=${asked}`);
}

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== location.origin || address.pathname.startsWith("/v1/")) return;
  if (event.request.mode === "navigate") {
    if (address.pathname === "/wallet") event.respondWith(page(address).then((found) => found ?? fetch(event.request)));
  } else if (address.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(event.request, { ignoreVary: true }).then((found) => found ?? fetch(event.request)));
  }
});
