// npm: cookie@1.1.1 set-cookie-parser@2.7.3 tough-cookie@5.1.2
import { parse, serialize } from "cookie";
import scp from "set-cookie-parser";
import { CookieJar } from "tough-cookie";
export default async () => { const jar = new CookieJar(); await jar.setCookie("a=1; Path=/", "http://example.com/x"); return Response.json([parse("a=b; c=d%20e"), serialize("x", "y z", { httpOnly: true, maxAge: 5 }), scp.parse("a=1; Path=/; Secure"), await jar.getCookieString("http://example.com/")]); };
