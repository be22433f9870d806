// The API of the app: notes in its key-value store.
//
//   GET    /api/notes         all notes
//   POST   /api/notes {text}  a new one
//   GET    /api/notes/ID      one
//   DELETE /api/notes/ID      none any more

interface Note {
  id: string;
  text: string;
  at: string; // ISO 8601, UTC
}

const prefix = "note:";

export default {
  async fetch(request: Request): Promise<Response> {
    const [, , collection, id] = new URL(request.url).pathname.split("/");
    if (collection !== "notes") return problem(404, "There is nothing at this address.");
    switch (`${request.method} ${id ? "one" : "all"}`) {
      case "GET all":
        return Response.json((await fazt.app.kv.list(prefix)).map((entry) => entry.value));
      case "POST all":
        return add(request);
      case "GET one": {
        const note = await fazt.app.kv.get(prefix + id);
        return note ? Response.json(note) : problem(404, "There is no such note.");
      }
      case "DELETE one":
        return (await fazt.app.kv.delete(prefix + id)) ? new Response(null, { status: 204 }) : problem(404, "There is no such note.");
    }
    return problem(405, `${request.method} is not possible here.`);
  },
};

async function add(request: Request): Promise<Response> {
  const sent = await request.json().catch(() => null);
  const text = typeof sent?.text === "string" ? sent.text.trim() : "";
  if (text === "" || text.length > 1000) return problem(400, "Send {\"text\": …} with 1 to 1000 characters.");
  const note: Note = { id: crypto.randomUUID(), text, at: new Date().toISOString() };
  await fazt.app.kv.set(prefix + note.id, note);
  console.log("new note", note.id);
  return Response.json(note, { status: 201 });
}

function problem(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status });
}
