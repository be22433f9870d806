// npm: @orpc/server@1.16.1
// GET /api/rpc/planet
import { os } from "@orpc/server";
import { RPCHandler } from "@orpc/server/fetch";
const h = new RPCHandler({ planet: os.handler(() => ({ name: "Earth" })) });
export default async (req) => (await h.handle(req, { prefix: "/api/rpc", context: {} })).response ?? new Response("no", { status: 404 });
