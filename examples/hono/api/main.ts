// A bookshelf with Hono: its router, middleware and helpers work as they do everywhere else.

import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { html } from "hono/html";
import { HTTPException } from "hono/http-exception";
import { validator } from "hono/validator";
import { books, type Book, type NewBook } from "./books";

type Env = { Variables: { began: number } };

const app = new Hono<Env>().basePath("/api");

app.use(async (c, next) => {
  c.set("began", performance.now());
  await next();
  c.res.headers.set("Server-Timing", `app;dur=${(performance.now() - c.get("began")).toFixed(1)}`);
});
app.use("/public/*", cors({ origin: "https://example.com" }));

// Request bodies must be a book, or part of one.
const bookOf = (value: unknown, whole: boolean): NewBook => {
  const { title, author, year, ...rest } = (value ?? {}) as Record<string, unknown>;
  const wrong = (text: string) => new HTTPException(400, { message: text });
  if (Object.keys(rest).length > 0) throw wrong(`unknown: ${Object.keys(rest).join(", ")}`);
  if ((whole || title !== undefined) && (typeof title !== "string" || title.trim() === "")) throw wrong("title must be text");
  if ((whole || author !== undefined) && (typeof author !== "string" || author.trim() === "")) throw wrong("author must be text");
  if (year !== undefined && !Number.isInteger(year)) throw wrong("year must be a whole number");
  return JSON.parse(JSON.stringify({ title, author, year }));
};
const found = (book: Book | undefined): Book => {
  if (!book) throw new HTTPException(404, { message: "There is no such book." });
  return book;
};

app.get("/", (c) => c.json({ app: fazt.app.name, routes: app.routes.length }));
app.get("/health", (c) => c.text("ok"));
app.get("/books", (c) => c.json(books.list(c.req.query("author"))));
app.post("/books", validator("json", (value) => bookOf(value, true)), (c) => c.json(books.add(c.req.valid("json")), 201));
app.get("/books/count", (c) => c.json({ count: books.list().length }));
app.get("/books/latest", (c) => c.json(found(books.list().at(-1))));
app.get("/books/:id{[0-9]+}", (c) => c.json(found(books.get(c.req.param("id")))));
app.put("/books/:id{[0-9]+}", validator("json", (value) => bookOf(value, true)), (c) => c.json(found(books.change(c.req.param("id"), c.req.valid("json")))));
app.patch("/books/:id{[0-9]+}", validator("json", (value) => bookOf(value, false)), (c) => c.json(found(books.change(c.req.param("id"), c.req.valid("json")))));
app.delete("/books/:id{[0-9]+}", (c) => (books.remove(c.req.param("id")) ? c.body(null, 204) : c.notFound()));
app.get("/books/:id{[0-9]+}/cite", (c) => {
  const { author, title, year } = found(books.get(c.req.param("id")));
  return c.text(`${author}: ${title}${year === undefined ? "" : ` (${year})`}`);
});
app.get("/authors", (c) => c.json([...new Set(books.list().map((b) => b.author))].sort()));
app.get("/authors/:name/books", (c) => c.json(books.list(c.req.param("name"))));
app.get("/page", (c) => c.html(html`<ul>${books.list().map((b) => html`<li>${b.title}</li>`)}</ul>`));
app.get("/shelf.etag", etag(), (c) => c.json(books.list()));
app.get("/public/titles", (c) => c.json(books.list().map((b) => b.title)));
app.post("/form", async (c) => c.json(await c.req.parseBody()));
app.get("/visit", (c) => {
  const visits = Number(getCookie(c, "visits") ?? 0) + 1;
  setCookie(c, "visits", String(visits), { httpOnly: true, sameSite: "Lax", path: "/" });
  return c.json({ visits });
});
app.get("/go/:id{[0-9]+}", (c) => c.redirect(`/api/books/${c.req.param("id")}`));
app.all("/echo/*", async (c) => c.json({ method: c.req.method, path: c.req.path, body: await c.req.text() }));

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.error(error);
  return c.json({ error: "That did not work." }, 500);
});
app.notFound((c) => c.json({ error: "There is nothing at this address." }, 404));

export default app;
