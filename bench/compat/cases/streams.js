// npm: readable-stream@4.8.0 through2@4.0.2 split2@4.2.0 get-stream@9.0.1 bl@6.1.6
import { Readable, Transform, pipeline } from "readable-stream";
import through2 from "through2";
import split2 from "split2";
import getStream from "get-stream";
import BufferList from "bl";
export default async () => { const lines = []; await new Promise((ok, no) => pipeline(Readable.from(["a\nb", "c\n"]), split2(), through2.obj((l, _, cb) => { lines.push(l); cb(); }), (e) => (e ? no(e) : ok()))); const b = new BufferList(); b.append("ab"); b.append("cd"); return Response.json([lines, await getStream(Readable.from(["x", "y"])), b.toString("utf8", 1, 3)]); };
