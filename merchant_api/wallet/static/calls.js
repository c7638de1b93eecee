// Calls to the service. An answer is an answer, also a refusal; only a lost one is an error.

const PATIENCE_MS = 10_000;

/** No answer came: nobody knows what happened. */
export class Lost extends Error {}

/** `{ ok, told }`: what the service says; a refusal has its `code` and facts. */
export async function call(method, path, { token = null, body = null } = {}) {
  const headers = { Accept: "application/json, application/problem+json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(`/v1${path}`, {
      method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { ok: answer.ok, told: await answer.json() };
  } catch (error) {
    throw new Lost(String(error));
  }
}
