// Served at /api. It counts, in the app's key-value store.
//
//   GET  /api/count   the count
//   POST /api/count   one more

const key = "count";

export default {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/api/count") return Response.json({ error: "There is nothing at this address." }, { status: 404 });
    const before = Number((await fazt.app.kv.get(key)) ?? 0);
    if (request.method === "GET") return Response.json({ count: before });
    if (request.method !== "POST") return Response.json({ error: `${request.method} is not possible here.` }, { status: 405 });
    await fazt.app.kv.set(key, before + 1);
    return Response.json({ count: before + 1 });
  },
} satisfies FaztHandler;
