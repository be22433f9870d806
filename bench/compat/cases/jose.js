// npm: jose@6.0.11
import { SignJWT, jwtVerify } from "jose";
const key = new TextEncoder().encode("a secret of thirty-two bytes....");
export default async () => {
	const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: "HS256" }).setIssuedAt(1700000000).sign(key);
	return Response.json([token, (await jwtVerify(token, key)).payload]);
};
