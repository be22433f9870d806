// npm: htmlparser2@10.1.0 css-select@6.0.0 dom-serializer@2.0.0 parse5@7.3.0 node-html-parser@7.1.0
import { parseDocument } from "htmlparser2";
import { selectAll } from "css-select";
import render from "dom-serializer";
import { parseFragment, serialize } from "parse5";
import { parse } from "node-html-parser";
export default () => { const d = parseDocument("<ul><li class=a>1<li>2</ul>"); return Response.json([selectAll("li.a", d).length, render(d), serialize(parseFragment("<p>a<b>c</p>")), parse("<div><p class='x'>t</p></div>").querySelector(".x").text]); };
