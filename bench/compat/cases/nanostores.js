// npm: nanostores@1.5.5
import { atom, computed, map } from "nanostores";
export default () => { const a = atom(1), m = map({ x: 1 }), c = computed([a, m], (x, y) => x + y.x); a.set(5); m.setKey("x", 7); return Response.json(c.get()); };
