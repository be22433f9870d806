// npm: debug@4.4.3 iconv-lite@0.6.3 buffer-crc32@1.0.0 minimatch@10.2.6 picomatch@4.0.7 ignore@7.0.17 yargs-parser@21.1.1 minimist@1.2.8 consola@3.4.2
import iconv from "iconv-lite";
import { minimatch } from "minimatch";
import picomatch from "picomatch";
import ignore from "ignore";
import minimist from "minimist";
import yargs from "yargs-parser";
import crc32 from "buffer-crc32";
import createDebug from "debug";
import { createConsola } from "consola/core";
export default () => { const out = []; const c = createConsola({ reporters: [{ log: (o) => out.push(o.type, o.args) }] }); c.info("x"); createDebug("a")("b"); return Response.json([iconv.encode("é€", "win1252").toString("hex"), iconv.decode(Buffer.from("82a0", "hex"), "shift_jis"), minimatch("a/b.js", "a/*.js"), picomatch("**/*.{ts,js}")("x/y.ts"), ignore().add("*.log\n!a.log").ignores("b.log"), minimist(["--a=1", "b"]), yargs("--x 3 -v"), crc32("x").toString("hex"), out]); };
