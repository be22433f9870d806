// npm: mitt@3.0.1 eventemitter3@5.0.4 eventemitter2@6.4.9
import mitt from "mitt";
import { EventEmitter } from "eventemitter3";
import ee2 from "eventemitter2";
export default async () => { const out = []; const m = mitt(); m.on("*", (t, e) => out.push(t, e)); m.emit("x", 1); const e = new EventEmitter(); e.once("y", (v) => out.push(v)); e.emit("y", 2); e.emit("y", 3); const w = new ee2.EventEmitter2({ wildcard: true }); w.on("a.*", (v) => out.push(v)); w.emit("a.b", 4); return Response.json(out); };
