// npm: csso@5.0.5 postcss@8.5.33
import postcss from "postcss";
import { minify } from "csso";
export default async () => Response.json([(await postcss([{ postcssPlugin: "x", Declaration(d) { d.value = d.value.toUpperCase(); } }]).process("a{color:red}", { from: undefined })).css, minify("a { color: #ff0000; margin: 0px }").css]);
