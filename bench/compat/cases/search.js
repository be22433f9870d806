// npm: fuse.js@7.5.0 minisearch@7.2.0 lunr@2.3.9 @orama/orama@3.1.18 match-sorter@8.3.1
import Fuse from "fuse.js";
import MiniSearch from "minisearch";
import lunr from "lunr";
import { create, insert, search } from "@orama/orama";
import { matchSorter } from "match-sorter";
const docs = [{ id: 1, t: "red apple" }, { id: 2, t: "green pear" }];
export default async () => { const m = new MiniSearch({ fields: ["t"] }); m.addAll(docs); const l = lunr(function () { this.ref("id"); this.field("t"); docs.forEach((d) => this.add(d)); }); const o = create({ schema: { t: "string" } }); await insert(o, { t: "red apple" }); return Response.json([new Fuse(docs, { keys: ["t"] }).search("aple").map((r) => r.refIndex), m.search("pea", { prefix: true }).map((r) => r.id), l.search("apple").map((r) => r.ref), (await search(o, { term: "apple" })).count, matchSorter(["hi", "hello"], "h")]); };
