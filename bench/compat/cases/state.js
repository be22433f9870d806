// npm: tinybase@6.7.5 @preact/signals-core@1.14.5 effector@23.4.4 @tanstack/query-core@5.108.4 valtio@2.3.2
import { signal, computed, effect } from "@preact/signals-core";
import { QueryClient } from "@tanstack/query-core";
import { createStore, createEvent } from "effector";
import { proxy, snapshot } from "valtio/vanilla";
import { createStore as tiny } from "tinybase";
export default async () => { const a = signal(1), b = computed(() => a.value * 2), seen = []; effect(() => { seen.push(b.value); }); a.value = 4; const q = new QueryClient(); const inc = createEvent(), st = createStore(0).on(inc, (n) => n + 1); inc(); const p = proxy({ x: 1 }); p.x++; return Response.json([seen, await q.fetchQuery({ queryKey: ["x"], queryFn: async () => 7 }), st.getState(), snapshot(p), tiny().setCell("t", "r", "c", 1).getTables()]); };
