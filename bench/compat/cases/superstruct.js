// npm: superstruct@2.0.2
import { object, string, number, assert, StructError } from "superstruct";
export default () => { try { assert({ a: "x" }, object({ a: number(), b: string() })); } catch (e) { return Response.json([e instanceof StructError, e.message, e.path]); } };
