// npm: cookie-signature@1.2.2
import { sign, unsign } from "cookie-signature";
export default () => Response.json([sign("a", "secret"), unsign(sign("a", "secret"), "secret"), unsign("a.b", "secret")]);
