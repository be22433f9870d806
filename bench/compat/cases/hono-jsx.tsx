/** @jsxImportSource hono/jsx */
// npm: hono@4.8.2
// GET /api/a
// GET /api/b/7
import { Hono } from "hono";
const app = new Hono().basePath("/api");
const Page = ({ children }: { children?: unknown }) => <html><body class="x">{children as string}</body></html>;
app.get("/a", (c) => c.html(<Page><b>{"<hi>"}</b></Page>));
app.get("/b/:id", (c) => c.json({ id: c.req.param("id") }));
export default app;
