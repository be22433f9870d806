// `fazt app deploy` runs this before it sends anything: the function and the packages it imports become one file,
// api/main.js, and the pages go to dist.

import { cp } from "node:fs/promises";
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.ts"],
  outfile: "api/main.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  conditions: ["worker"],
});
await cp("public", "dist", { recursive: true });
