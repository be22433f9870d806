// The functions of this folder, written the usual way for Node's HTTP server; Hono uses its own adapter. The arguments are
// the function's name and the port.
import { createServer } from "node:http";

const send = (res, value) => {
	const body = JSON.stringify(value);
	res.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
	res.end(body);
};

const read = async (req) => {
	const pieces = [];
	for await (const piece of req) pieces.push(piece);
	return Buffer.concat(pieces).toString();
};

const data = new Uint8Array(1 << 20).fill(7);
const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));

const functions = {
	hello: (req, res) => send(res, { hello: "world" }),
	echo: async (req, res) => send(res, JSON.parse(await read(req))),
	digest: async (req, res) => send(res, { first: new Uint8Array(await crypto.subtle.digest("SHA-256", data))[0] }),
	fib: (req, res) => send(res, { fib: fib(27) }),
};

const [name, port] = process.argv.slice(2);
if (name === "router") {
	const { serve } = await import("@hono/node-server");
	const { default: app } = await import("./router.js");
	serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
} else createServer(functions[name]).listen(Number(port), "127.0.0.1");
