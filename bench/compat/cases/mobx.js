// npm: mobx@6.16.1
import { makeAutoObservable, autorun } from "mobx";
class C { n = 0; constructor() { makeAutoObservable(this); } get double() { return this.n * 2; } inc() { this.n++; } }
export default () => { const c = new C(), seen = []; autorun(() => seen.push(c.double)); c.inc(); c.inc(); return Response.json(seen); };
