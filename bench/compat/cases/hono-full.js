// npm: hono@4.8.2 @hono/zod-validator@0.7.6 zod@3.25.76
// GET /api/q?n=5
// GET /api/q?n=x
// GET /api/jwt
// GET /api/cookie
// GET /api/stream
// GET /api/none
import { Hono } from "hono";
import { cors } from "hono/cors";
import { logger } from "hono/logger";
import { secureHeaders } from "hono/secure-headers";
import { sign, verify } from "hono/jwt";
import { setSignedCookie } from "hono/cookie";
import { streamText } from "hono/streaming";
import { zValidator } from "@hono/zod-validator";
import { z } from "zod";
const app = new Hono().basePath("/api");
app.use(cors(), secureHeaders());
app.get("/q", zValidator("query", z.object({ n: z.coerce.number() })), (c) => c.json(c.req.valid("query")));
app.get("/jwt", async (c) => c.json(await verify(await sign({ sub: "x" }, "secret"), "secret")));
app.get("/cookie", async (c) => { await setSignedCookie(c, "a", "b", "secret"); return c.text(c.res.headers.get("set-cookie")); });
app.get("/stream", (c) => streamText(c, async (s) => { for (let i = 0; i < 3; i++) { await s.write(i + "\n"); await s.sleep(1); } }));
export default app;
