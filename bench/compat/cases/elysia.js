// npm: elysia@1.3.5
// GET /api/hi/ada
import { Elysia } from "elysia";
const app = new Elysia({ aot: false }).get("/api/hi/:name", ({ params }) => "hi " + params.name);
export default { fetch: (request) => app.fetch(request) };
