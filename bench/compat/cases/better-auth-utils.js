// npm: @better-auth/utils@0.3.1 better-call@1.4.5
import { createHash } from "@better-auth/utils/hash";
import { createHMAC } from "@better-auth/utils/hmac";
import { createEndpoint, createRouter } from "better-call";
const r = createRouter({ a: createEndpoint("/api/a", { method: "GET" }, async () => ({ ok: true })) });
export default async (req) => Response.json([await createHash("SHA-256", "hex").digest("x"), await createHMAC("SHA-256", "hex").sign("k", "d"), await (await r.handler(new Request(new URL("/api/a", req.url)))).json()]);
