import { Hono } from "hono";

const app = new Hono().basePath("/api");

app.get("/hello", (c) => c.json({ message: `Hello ${c.req.query("name") ?? "world"}` }));

app.post("/visits", async (c) => {
  const visits = Number((await fazt.app.kv.get("visits")) ?? 0) + 1;
  await fazt.app.kv.set("visits", visits);
  return c.json({ visits });
});

app.notFound((c) => c.json({ error: { message: "There is nothing at this address." } }, 404));

export default app;
