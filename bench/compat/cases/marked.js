// npm: marked@16.4.2 marked-highlight@2.2.4 highlight.js@11.12.0
import { Marked } from "marked";
import { markedHighlight } from "marked-highlight";
import hljs from "highlight.js";
const m = new Marked(markedHighlight({ langPrefix: "hljs language-", highlight: (code, lang) => hljs.highlight(code, { language: lang || "plaintext" }).value }));
export default async () => new Response(await m.parse("# Hi\n\n- a\n- **b**\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```js\nconst a = `x${1}`;\n```\n"));
