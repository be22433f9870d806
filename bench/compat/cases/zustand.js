// npm: zustand@5.1.0
import { createStore } from "zustand/vanilla";
export default () => { const s = createStore((set) => ({ n: 1, inc: () => set((x) => ({ n: x.n + 1 })) })); s.getState().inc(); return Response.json(s.getState()); };
