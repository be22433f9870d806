// npm: cheerio@1.1.0
import * as cheerio from "cheerio";
export default () => { const $ = cheerio.load("<ul><li>a</li><li class=x>b</li></ul>"); return Response.json([$("li.x").text(), $("li").length, $.html("ul")]); };
