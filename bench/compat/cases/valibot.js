// npm: valibot@1.5.0
import * as v from "valibot";
const Login = v.object({ email: v.pipe(v.string(), v.email()), password: v.pipe(v.string(), v.minLength(8)) });
export default () => Response.json([v.safeParse(Login, { email: "a@b.co", password: "12345678" }).success, v.flatten(v.safeParse(Login, { email: "x", password: "1" }).issues)]);
