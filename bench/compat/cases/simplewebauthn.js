// npm: @simplewebauthn/server@13.3.3
import { generateRegistrationOptions } from "@simplewebauthn/server";
export default async () => { const o = await generateRegistrationOptions({ rpName: "x", rpID: "example.com", userName: "u" }); return Response.json([o.rp, o.pubKeyCredParams, o.challenge.length > 20]); };
