// Makes node.txt.gz, the results of cases.js in the Node.js that runs this:
//
//	node internal/runtime/testdata/intl/make.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const file = (name) => new URL(name, import.meta.url);
const { cases, run } = new Function(readFileSync(file("cases.js"), "utf8") + "; return { cases, run };")();
const results = cases().map((c) => JSON.stringify(run(c)) ?? "undefined");
const { node, icu, cldr } = process.versions;
writeFileSync(file("node.txt.gz"), gzipSync(`Node.js ${node}, ICU ${icu}, CLDR ${cldr}\n` + results.join("\n") + "\n", { level: 9 }));
console.log(results.length, "results");
