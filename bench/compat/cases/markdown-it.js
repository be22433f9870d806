// npm: markdown-it@14.3.3 markdown-it-anchor@9.2.1 prismjs@1.30.0
import MarkdownIt from "markdown-it";
import anchor from "markdown-it-anchor";
import Prism from "prismjs";
export default () => new Response(new MarkdownIt({ html: true, linkify: true, typographer: true }).use(anchor).render("# Äh \"q\"\n\nwww.example.com (c) ~~x~~\n") + Prism.highlight("let a = 1;", Prism.languages.javascript, "javascript"));
