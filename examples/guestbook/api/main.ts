// The guestbook's API, on the app's key-value store:
//
//   GET  /api/entries?limit=20&cursor=…   the newest entries first, and where the next page begins
//   POST /api/entries {name, message}     signs the guestbook
//
// A refusal is {"error": {"message", "field"?}} with a status that says whose fault it is.

import { bad, check, type Entry, Problem } from "./entry";

const prefix = "entry:";
const mostPerPage = 100;

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return await route(request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // a fault of ours: Fazt answers 500 and logs the story
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

/** One page of entries. `next` is the cursor of the page after it; absent on the last one. */
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
 * The key of an entry written at a moment. The store lists keys in ascending order, so the key counts down from a
 * moment in the year 2286: the newest entry has the smallest key. Chance tells entries of one millisecond apart.
 */
function newestFirst(at: string): string {
  const countdown = String(9_999_999_999_999 - Date.parse(at)).padStart(13, "0");
  return `${prefix}${countdown}:${Math.random().toString(36).slice(2, 10)}`;
}
