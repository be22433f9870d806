// npm: shiki@3.7.0
import { createHighlighterCore } from "shiki/core";
import { createOnigurumaEngine } from "shiki/engine/oniguruma";
import js from "shiki/langs/javascript.mjs";
import nord from "shiki/themes/nord.mjs";
export default async () => {
	const h = await createHighlighterCore({ langs: [js], themes: [nord], engine: createOnigurumaEngine(import("shiki/wasm")) });
	return new Response(h.codeToHtml("const a = 1; // x", { lang: "javascript", theme: "nord" }));
};
