// npm: zod4@npm:zod@4.6.7
import * as z from "zod4";
const User = z.strictObject({ id: z.uuid(), born: z.iso.date(), roles: z.set(z.string()).transform((s) => [...s]) });
export default () => Response.json([User.parse({ id: "0190b1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", born: "1999-12-31", roles: new Set(["x"]) }), z.prettifyError(User.safeParse({ id: 1 }).error), z.toJSONSchema(z.object({ a: z.number().min(1) }))]);
