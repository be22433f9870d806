// The guestbook's API, on the app's key-value store:
//
//   GET  /api/entries?limit=20&cursor=…   entries, newest first, and the cursor of the next page
//   POST /api/entries {name, message}     signs the guestbook
//
// Errors are {"error": {"message", "field"?}} with a 4xx or 5xx status.

import { bad, check, type Entry, Problem } from "./entry";

const prefix = "entry:";
const mostPerPage = 100;

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return await route(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // our own bug: Fazt responds with 500 and logs the details
      const { message, field, status } = error;
      return Response.json({ error: { message, field } }, { status });
    }
  },
};

async function route(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname !== "/api/entries") throw new Problem(404, "There is nothing at this address.");
  switch (request.method) {
    case "GET":
    case "HEAD":
      return page(url.searchParams);
    case "POST":
      return sign(request);
  }
  return Response.json(
    { error: { message: "Entries can be read (GET) and added (POST)." } },
    { status: 405, headers: { Allow: "GET, HEAD, POST" } },
  );
}

/** One page of entries. `next` is the cursor of the next page; absent on the last one. */
async function page(query: URLSearchParams): Promise<Response> {
  const limit = Number(query.get("limit") || 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostPerPage) bad(`limit must be 1 to ${mostPerPage}.`, "limit");
  const cursor = query.get("cursor") || undefined;

  const found = await fazt.app.kv.list(prefix, { limit, cursor });
  return Response.json({ entries: found.map((entry) => entry.value), next: found.cursor });
}

async function sign(request: Request): Promise<Response> {
  const { name, message } = check(await request.json().catch(() => bad("The body must be JSON.")));
  const entry: Entry = { name, message, at: new Date().toISOString() };
  await fazt.app.kv.set(newestFirst(entry.at), entry);
  console.log("new entry by", name);
  return Response.json(entry, { status: 201 });
}

/**
 * Returns the key of an entry written at a given time. The store lists keys in ascending order, so the key counts
 * down from a date in 2286: the newest entry has the smallest key. A random part keeps entries of the same
 * millisecond apart.
 */
function newestFirst(at: string): string {
  const countdown = String(9_999_999_999_999 - Date.parse(at)).padStart(13, "0");
  return `${prefix}${countdown}:${Math.random().toString(36).slice(2, 10)}`;
}
