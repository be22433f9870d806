// npm: rehype@13.0.2 rehype-sanitize@6.0.0 rehype-highlight@7.0.2 hast-util-to-html@9.0.6 hastscript@9.0.3
import { rehype } from "rehype";
import sanitize from "rehype-sanitize";
import highlight from "rehype-highlight";
import { h } from "hastscript";
import { toHtml } from "hast-util-to-html";
export default async () => new Response(String(await rehype().data("settings", { fragment: true }).use(sanitize).use(highlight).process("<p onclick=x>a<script>b</script><pre><code class=language-js>let x</code></pre>")) + toHtml(h("a.b#c", { href: "/" }, ["x"])));
