// npm: zod@3.25.76
import { z } from "zod";
const Schema = z.object({ name: z.string().min(2), age: z.coerce.number().int().positive(), tags: z.array(z.enum(["a", "b"])).default([]), mail: z.string().email().optional() });
export default () => Response.json([Schema.safeParse({ name: "Ada", age: "36" }), Schema.safeParse({ name: "x", age: -1, tags: ["c"], mail: "no" }).error.issues]);
