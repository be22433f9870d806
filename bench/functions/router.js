// Twenty typical API routes; the requested one has a parameter and is among the last.
import { Hono } from "hono";

const app = new Hono().basePath("/api");

for (const name of ["authors", "books", "carts", "orders", "users"]) {
	app.get(`/${name}`, (c) => c.json({ name }));
	app.post(`/${name}`, async (c) => c.json(await c.req.json(), 201));
	app.get(`/${name}/:id`, (c) => c.json({ name, id: c.req.param("id") }));
	app.delete(`/${name}/:id`, (c) => c.body(null, 204));
}

export default app;
