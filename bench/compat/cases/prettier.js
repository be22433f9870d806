// npm: prettier@3.10.1
import * as prettier from "prettier/standalone";
import * as babel from "prettier/plugins/babel";
import * as estree from "prettier/plugins/estree";
import * as markdown from "prettier/plugins/markdown";
export default async () => new Response(await prettier.format("const a={b:1,c:[1,2]};f( a )", { parser: "babel", plugins: [babel, estree] }) + await prettier.format("*  a\n*  b", { parser: "markdown", plugins: [markdown] }));
