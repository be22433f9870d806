// npm: yjs@13.6.33 fractional-indexing@3.4.0
import * as Y from "yjs";
import { generateKeyBetween } from "fractional-indexing";
export default () => { const a = new Y.Doc(), b = new Y.Doc(); a.getText("t").insert(0, "hello"); Y.applyUpdate(b, Y.encodeStateAsUpdate(a)); b.getText("t").insert(5, " world"); Y.applyUpdate(a, Y.encodeStateAsUpdate(b)); return Response.json([a.getText("t").toString(), generateKeyBetween("a0", "a1")]); };
