// npm: yaml@2.9.1 js-yaml@4.3.2 smol-toml@1.9.1 ini@5.0.0 json5@2.2.3 jsonc-parser@3.3.1 dotenv@16.6.1
import YAML from "yaml";
import jsyaml from "js-yaml";
import * as toml from "smol-toml";
import ini from "ini";
import JSON5 from "json5";
import { parse as jsonc } from "jsonc-parser";
import dotenv from "dotenv";
const y = "a: &x [1, 2]\nb: *x\nc: |\n  t\n  u\nd: 2020-01-01\n";
export default () => Response.json([YAML.parse(y), YAML.stringify({ a: [{ b: "x: y" }] }), jsyaml.load(y), jsyaml.dump({ a: [1] }), toml.parse("a = 1\n[b]\nc = 1979-05-27T07:32:00Z\n"), ini.parse("a=1\n[s]\nb=x"), JSON5.parse("{a:0x1F,/*c*/b:'x',}"), jsonc("{\"a\":1,// c\n}"), dotenv.parse("A=\"b c\"\n#x\nB=1")]);
