// npm: jsonwebtoken@9.0.2
import jwt from "jsonwebtoken";
const token = jwt.sign({ sub: "1", iat: 1700000000 }, "secret", { algorithm: "HS256" });
export default () => {
	let bad;
	try { jwt.verify(token, "other"); } catch (e) { bad = e.message; }
	return Response.json([token, jwt.verify(token, "secret"), bad, jwt.decode(token, { complete: true }).header]);
};
