// npm: immer@10.2.0
import { produce, produceWithPatches, enablePatches } from "immer";
enablePatches();
export default () => { const base = { a: [1, 2], m: { x: 1 } }; const next = produce(base, (d) => { d.a.push(3); }); return Response.json([next, next.m === base.m, produceWithPatches(base, (d) => { delete d.m.x; })]); };
