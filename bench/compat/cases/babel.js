// npm: @babel/parser@7.29.15 acorn@8.19.0 acorn-walk@8.3.5 magic-string@0.30.21 sucrase@3.35.1 terser@5.51.4
import { parse } from "@babel/parser";
import * as acorn from "acorn";
import { simple } from "acorn-walk";
import MagicString from "magic-string";
import { transform } from "sucrase";
import { minify } from "terser";
export default async () => { const names = []; simple(acorn.parse("let a = b + c", { ecmaVersion: 2022 }), { Identifier(n) { names.push(n.name); } }); return Response.json([parse("class A { #x = 1n }", { sourceType: "module" }).program.body[0].type, names, new MagicString("abc").overwrite(1, 2, "X").toString(), transform("const a: number = 1", { transforms: ["typescript"] }).code, (await minify("function f(long){return long+1+2}")).code]); };
