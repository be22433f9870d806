// A whole site in a function: the router handles every path that is not a file.

import { AutoRouter, cors, error, html, withParams } from "itty-router";

const { preflight } = cors();
const router = AutoRouter({ before: [preflight, withParams] });

router
  .get("/", () => html("<!doctype html><title>Tiny</title><link rel=stylesheet href=/style.css><h1>Tiny</h1>"))
  .get("/hello/:name", ({ name }) => ({ hello: name }))
  .get("/items/:id.:format?", ({ id, format = "json" }) => ({ id, format }))
  .get("/search", ({ query }) => query)
  .post("/items", async (request) => ({ created: await request.json() }))
  .get("/env/:name", ({ name }, env) => ({ value: env[name] ?? null }))
  .get("/broken", () => { throw new Error("broken"); })
  .get("/teapot", () => error(418, "short and stout"));

export default router;
