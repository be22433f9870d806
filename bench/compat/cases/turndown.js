// npm: turndown@7.2.5 @mozilla/readability@0.6.0 linkedom@0.18.15
import TurndownService from "turndown";
import { parseHTML } from "linkedom";
import { Readability } from "@mozilla/readability";
export default () => { const { document } = parseHTML("<html><head><title>T</title></head><body><article><h1>Hello</h1>" + "<p>Some long text of an article, with commas, and so on and on.</p>".repeat(20) + "</article></body></html>"); document.querySelector("h1").textContent = "Hey"; const r = new Readability(document.cloneNode(true)).parse(); return Response.json([new TurndownService().turndown(document.body), r && r.length, document.querySelectorAll("p").length]); };
