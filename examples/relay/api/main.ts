// Two things that a page cannot do alone, because they involve other servers:
//
//   GET  /api/preview?url=…  previews a link: its title, description and picture
//   POST /api/hook           forwards a signed webhook to a phone as an ntfy.sh message
//
// The owner decides what they may reach (see README.md). This code never sees the ntfy.sh token: "NTFY" is its name.

import { preview } from "./preview.ts";
import { signed } from "./signature.ts";

interface Env {
  HOOK_KEY?: string; // senders sign webhooks with this
  TOPIC?: string; // the ntfy.sh topic for the messages
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
  // Respond to the sender right away; the message goes out afterwards.
  ctx.waitUntil(send(env.TOPIC, `${event}: ${body.slice(0, 500)}`));
  return Response.json({ accepted: event }, { status: 202 });
}

async function send(topic: string, message: string): Promise<void> {
  const r = await fetch(`https://ntfy.sh/${encodeURIComponent(topic)}`, { method: "POST", body: message, auth: "NTFY" });
  if (!r.ok) console.error("ntfy.sh answered", r.status, await r.text());
}

/** Turns an error of an outbound call into a message for the visitor. */
function refused(e: FaztNetError): Response {
  switch (e.code) {
    case "NET_BLOCKED":
      return problem(403, "Links to that site are not allowed here.");
    case "NET_TIMEOUT":
      return problem(504, "That site took too long.");
    case "NET_SIZE":
      return problem(502, "That page is too large.");
  }
  if (e.retryable) throw e; // 503 with Retry-After
  return problem(502, "That site could not be reached.");
}

function problem(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
