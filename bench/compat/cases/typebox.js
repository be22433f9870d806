// npm: @sinclair/typebox@0.34.52
import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
const T = Type.Object({ x: Type.Number(), y: Type.Optional(Type.String()) });
export default () => Response.json([Value.Check(T, { x: 1 }), [...Value.Errors(T, { x: "a" })].map((e) => e.message), Value.Default(Type.Object({ z: Type.Number({ default: 5 }) }), {}), T]);
