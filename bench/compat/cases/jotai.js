// npm: jotai@2.20.3
import { atom, createStore } from "jotai/vanilla";
export default async () => { const a = atom(1), b = atom(async (get) => get(a) * 10), s = createStore(); s.set(a, 4); return Response.json(await s.get(b)); };
