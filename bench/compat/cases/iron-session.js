// npm: iron-webcrypto@1.2.1
import * as iron from "iron-webcrypto";
export default async () => { const sealed = await iron.seal(crypto, { user: 7 }, "p".repeat(32), iron.defaults); return Response.json([sealed.startsWith("Fe26.2*"), await iron.unseal(crypto, sealed, "p".repeat(32), iron.defaults)]); };
