// npm: itty-router@5.0.24
// GET /api/u/7?x=1
// GET /api/nope
import { AutoRouter, error } from "itty-router";
const r = AutoRouter({ base: "/api" });
r.get("/u/:id", ({ params, query }) => ({ params, query }));
export default { fetch: r.fetch };
