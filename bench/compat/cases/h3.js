// npm: h3@1.15.11
// GET /api/a?b=1
// GET /api/err
import { createApp, createRouter, eventHandler, getQuery, toWebHandler, createError } from "h3";
const router = createRouter().get("/api/a", eventHandler((e) => ({ q: getQuery(e) }))).get("/api/err", eventHandler(() => { throw createError({ statusCode: 418, statusMessage: "tea" }); }));
const app = createApp().use(router);
const h = toWebHandler(app);
export default (req) => h(req);
