// Two things that a page cannot do by itself, because other servers are involved:
//
//   GET  /api/preview?url=…  what a link leads to: its title, description and picture
//   POST /api/hook           takes a signed webhook and passes it on to a phone, as a message of ntfy.sh
//
// What they may reach is for the owner to say (see README.md). The token of ntfy.sh is never seen here: "NTFY" is its name.

import { preview } from "./preview.ts";
import { signed } from "./signature.ts";

interface Env {
  HOOK_KEY?: string; // whoever sends webhooks signs them with this
  TOPIC?: string; // where the messages go
}

export default {
  async fetch(request: Request, env: Env, ctx: FaztContext): Promise<Response> {
    const url = new URL(request.url);
    switch (`${request.method} ${url.pathname}`) {
      case "GET /api/preview":
        return answerPreview(url.searchParams.get("url"));
      case "POST /api/hook":
        return relay(request, env, ctx);
    }
    return problem(404, "There is nothing here.");
  },
};

async function answerPreview(link: string | null): Promise<Response> {
  if (!link || !URL.canParse(link)) return problem(400, "Please send a link: /api/preview?url=https://…");
  try {
    return Response.json(await preview(link), { headers: { "Cache-Control": "private, max-age=60" } });
  } catch (e) {
    return refused(e as FaztNetError);
  }
}

async function relay(request: Request, env: Env, ctx: FaztContext): Promise<Response> {
  if (!env.HOOK_KEY || !env.TOPIC) return problem(503, "The relay needs HOOK_KEY and TOPIC: `fazt env set relay HOOK_KEY=… TOPIC=…`.");
  const body = await request.text();
  if (!(await signed(body, request.headers.get("x-hub-signature-256"), env.HOOK_KEY))) return problem(401, "The signature is missing or wrong.");
  const event = request.headers.get("x-github-event") ?? "event";
  // The sender has their answer at once; the message goes out after it.
  ctx.waitUntil(send(env.TOPIC, `${event}: ${body.slice(0, 500)}`));
  return Response.json({ accepted: event }, { status: 202 });
}

async function send(topic: string, message: string): Promise<void> {
  const r = await fetch(`https://ntfy.sh/${encodeURIComponent(topic)}`, { method: "POST", body: message, auth: "NTFY" });
  if (!r.ok) console.error("ntfy.sh answered", r.status, await r.text());
}

/** What went wrong on the way out, in words for whoever uses the page. */
function refused(e: FaztNetError): Response {
  switch (e.code) {
    case "NET_BLOCKED":
      return problem(403, "Links to that site are not allowed here.");
    case "NET_TIMEOUT":
      return problem(504, "That site took too long.");
    case "NET_SIZE":
      return problem(502, "That page is too large.");
  }
  if (e.retryable) throw e; // 503, with the time after which to try again
  return problem(502, "That site could not be reached.");
}

function problem(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
