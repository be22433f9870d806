// npm: satori@0.63.2 @fontsource/inter@5.2.6
import satori from "satori";
import font from "@fontsource/inter/files/inter-latin-400-normal.woff";
const card = { type: "div", props: { style: { display: "flex", width: "100%", height: "100%", padding: 40, background: "linear-gradient(90deg, #eef, #fee)", fontSize: 48 },
	children: [{ type: "div", props: { style: { display: "flex", flexDirection: "column" }, children: ["Hello from a function", { type: "span", props: { style: { color: "#06c" }, children: "laid out by WebAssembly" } }] } }] } };
export default async () => new Response(await satori(card, { width: 600, height: 315, fonts: [{ name: "Inter", data: font.buffer.slice(font.byteOffset, font.byteOffset + font.byteLength), weight: 400, style: "normal" }] }), { headers: { "content-type": "image/svg+xml" } });
