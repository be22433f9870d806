// npm: @unocss/core@66.12.0 @unocss/preset-mini@66.12.0 goober@2.1.19 css-tree@3.2.1
import { createGenerator } from "@unocss/core";
import presetMini from "@unocss/preset-mini";
import { parse, generate } from "css-tree";
import { css, extractCss } from "goober";
export default async () => { const u = await createGenerator({ presets: [presetMini()] }); const name = css`color: red;`; return Response.json([(await u.generate("m-1 text-red-500", { preflights: false })).css, generate(parse("a { b : c }")), name, extractCss()]); };
