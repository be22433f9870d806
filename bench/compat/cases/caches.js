// npm: lru-cache@11.5.3 quick-lru@7.3.0 keyv@5.6.0 memoizee@0.4.17 node-cache@5.1.2 bottleneck@2.19.5
import { LRUCache } from "lru-cache";
import QuickLRU from "quick-lru";
import Keyv from "keyv";
import memoizee from "memoizee";
import NodeCache from "node-cache";
import Bottleneck from "bottleneck";
export default async () => { const l = new LRUCache({ max: 2 }); l.set("a", 1).set("b", 2).set("c", 3); const q = new QuickLRU({ maxSize: 1 }); q.set("x", 1); const k = new Keyv(); await k.set("a", { b: 1 }); let n = 0; const m = memoizee((x) => { n++; return x; }); m(1); m(1); const c = new NodeCache({ checkperiod: 0 }); c.set("z", 9); return Response.json([[...l.keys()], q.get("x"), await k.get("a"), n, c.get("z"), await new Bottleneck({ maxConcurrent: 1 }).schedule(async () => "ok")]); };
