// npm: mustache@4.2.0 eta@3.5.0 squirrelly@9.1.1
import Mustache from "mustache";
import { Eta } from "eta";
import Sqrl from "squirrelly";
export default () => { const out = [Mustache.render("{{#l}}<{{.}}>{{/l}} {{{h}}}", { l: [1, 2], h: "<b>" })]; for (const f of [() => new Eta().renderString("<% it.l.forEach(x => { %><%= x %>;<% }) %>", { l: [1, "<"] }), () => Sqrl.render("{{it.a | safe}}", { a: "<i>" })]) { try { out.push(f()); } catch (e) { out.push(e.name); } } return Response.json(out); };
