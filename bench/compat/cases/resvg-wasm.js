// npm: @resvg/resvg-wasm@2.6.2
import { Resvg, initWasm } from "@resvg/resvg-wasm";
import wasm from "@resvg/resvg-wasm/index_bg.wasm?module";
let ready;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><defs><linearGradient id="g"><stop offset="0" stop-color="#06c"/><stop offset="1" stop-color="#fc0"/></linearGradient></defs>
<rect width="200" height="100" fill="url(#g)"/><circle cx="60" cy="50" r="30" fill="#fff" opacity=".6"/><path d="M100 80 L150 20 L190 80 Z" stroke="#000" stroke-width="3" fill="none"/></svg>`;
export default async () => {
	await (ready ??= initWasm(wasm));
	const image = new Resvg(svg, { fitTo: { mode: "width", value: 400 } }).render();
	const png = image.asPng(), digest = await crypto.subtle.digest("SHA-256", png);
	return Response.json({ width: image.width, height: image.height, size: png.length, digest: [...new Uint8Array(digest)] });
};
