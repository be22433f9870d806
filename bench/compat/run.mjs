// Runs a function in Node.js: node run.mjs FILE REQUESTS. It prints the responses after the last "#".
import { pathToFileURL } from "node:url";

globalThis.fazt = undefined;
const [file, list] = process.argv.slice(2);
const { default: app } = await import(pathToFileURL(file));
const handler = typeof app === "function" ? app : (...args) => app.fetch(...args);
const responses = [];
for (const { method, path } of JSON.parse(list)) {
	const response = await handler(new Request("http://app.localhost" + path, { method }), {}, { waitUntil() {}, passThroughOnException() {} });
	responses.push({ status: response.status, body: await response.text() });
}
console.log("\n#" + JSON.stringify(responses));
process.exit(0);
