package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fazt/internal/fazttest"
)

// typed is a folder with a function and its types.
func typed(t *testing.T, i *fazttest.Instance, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, out := fazt(t, i, "types", dir); code != 0 {
		t.Fatal(out)
	}
	return dir
}

// What a function can import has a type, whatever it is, and modules that are not there have none.
func TestEveryMemberOfEveryModuleHasAType(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("short: nothing of it is ours to race")
	}
	i := fazttest.New(t)
	modules := map[string][]string{}
	modulesOf := strings.Fields("assert assert/strict async_hooks buffer crypto diagnostics_channel events fs fs/promises http https module os path path/posix " +
		"perf_hooks process punycode querystring stream stream/promises string_decoder timers timers/promises tty url util util/types zlib")
	var lister, list strings.Builder
	add := func(module string) {
		n := strings.Count(lister.String(), "\n")
		fmt.Fprintf(&lister, "import * as m%d from %q;\n", n, module)
		fmt.Fprintf(&list, "%q: Object.keys(m%d), ", module, n)
	}
	for _, name := range modulesOf {
		add("node:" + name)
	}
	for _, name := range []string{"cheerio", "dayjs", "lodash", "marked", "uuid", "validator", "zod"} {
		add(name)
	}
	i.Deploy("lister", fmt.Sprintf("-- api/main.js --\n%s\nexport default () => Response.json({ %s });\n", &lister, &list))
	got := i.Get("lister", "/api")
	if err := json.Unmarshal([]byte(got.Text), &modules); err != nil || len(modules) != len(modulesOf)+7 {
		t.Fatalf("%s %v", got.Text, err)
	}
	var use strings.Builder
	for n, module := range slices.Sorted(maps.Keys(modules)) {
		bare := strings.TrimPrefix(module, "node:")
		if module == "zod" { // its schemas are members of z
			modules[module] = []string{"z", "ZodError"}
		}
		if module == "dayjs" { // a plugin or a locale is a member too
			modules[module] = []string{"extend", "locale", "isDayjs", "unix"}
		}
		fmt.Fprintf(&use, "import * as m%d from %q;\nimport d%[1]d from %q;\nconsole.log(d%[1]d", n, module, bare)
		for _, name := range modules[module] {
			if name != "default" {
				fmt.Fprintf(&use, ", m%d.%s", n, name)
			}
		}
		use.WriteString(");\n")
	}
	dir := typed(t, i, map[string]string{
		"api/all.ts": use.String(), "api/notes.txt": "", "api/font.woff2": "", "api/settings.json": `{ "name": "x" }`,
		"api/main.ts": `
import assert from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, timingSafeEqual } from "crypto";
import { EventEmitter } from "node:events";
import { readFile } from "node:fs/promises";
import https from "node:https";
import path, { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "zlib";
import dayjs, { type Dayjs } from "dayjs";
import utc from "dayjs/plugin/utc";
import _, { chunk } from "lodash";
import { marked } from "marked";
import { v4 as uuid, validate } from "uuid";
import validator from "validator";
import { z } from "zod";
import * as cheerio from "cheerio";
import text from "./notes.txt";
import font from "./font.woff2";
import raw from "./all.ts?raw";
import settings from "./settings.json";

const all: string = text.toUpperCase() + raw.length + font.byteLength.toFixed() + settings.name;
console.log(all);

const schema = z.object({ name: z.string() });
type Person = z.infer<typeof schema>;
const store = new AsyncLocalStorage<{ id: number }>();
class Emitter extends EventEmitter {}
dayjs.extend(utc);

export default {
  async fetch(request) {
    const person: Person = schema.parse(await request.json());
    const day: Dayjs = dayjs().add(1, "day");
    const text: string = path.join("a", join("b")) + marked("# x") + day.format() + uuid() + process.env.HOME + process.cwd();
    assert(text, "empty");
    new Emitter().on("a", (n: number) => n).emit("a", 1);
    https.get("https://example.com", (response) => response.on("data", (data) => data));
    for await (const part of Readable.from([await readFile("private/a", "utf8")])) console.log(part);
    const sum: string = createHash("sha256").update(Buffer.from(text)).digest("hex");
    const same: boolean = timingSafeEqual(Buffer.alloc(2), new Uint8Array(2)) && validate(sum) && validator.isEmail(person.name);
    return store.run({ id: 1 }, () => new Response(gzipSync(String([store.getStore()?.id, same, _.chunk([1], 2), chunk([1]), cheerio.load("<a>")("a").text()]))));
  },
} satisfies FaztHandler;
`,
	})
	if faults := typeCheck(t, dir); faults != "" {
		t.Error(faults)
	}
	if err := os.WriteFile(filepath.Join(dir, "api", "bad.ts"), []byte("import { join } from \"path\";\njoin(1);\nimport { nothing } from \"node:crypto\";\nimport x from \"node:nothing\";\nBuffer.from(1);\nimport dayjs from \"dayjs\";\ndayjs().add(1, \"moon\");\nimport { v4 } from \"uuid\";\nconst n: number = v4();\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	faults := typeCheck(t, dir)
	for _, line := range []string{"(2,6)", "(3,10)", "(4,15)", "(5,13)", "(7,16)", "(9,7)"} {
		if !strings.Contains(faults, "bad.ts"+line) {
			t.Errorf("no fault is found at %s:\n%s", line, faults)
		}
	}
}

func TestTypesLeaveWhatIsThere(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	read := func(dir, name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	dir := typed(t, i, map[string]string{"api/main.ts": "", "api/tsconfig.json": "{ // mine\n \"compilerOptions\": { \"lib\": [\"es2023\"], \"types\": [] } }"})
	if got := read(dir, "api/tsconfig.json"); !strings.Contains(got, "// mine") {
		t.Error(got)
	}
	code, out := fazt(t, i, "types", dir)
	if code != 0 || !strings.Contains(out, `"lib": ["es2023", "dom", "dom.iterable", "dom.asynciterable"],`) || strings.Contains(out, `"types"`) || !strings.Contains(out, "was left as it is") {
		t.Errorf("%d %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "api", "fazt.d.ts"), []byte("// my own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, out := fazt(t, i, "types", dir); code != 1 || !strings.Contains(out, "was not written by Fazt") || read(dir, "api/fazt.d.ts") != "// my own" {
		t.Errorf("%d %s", code, out)
	}

	// What is installed has types of its own.
	dir = typed(t, i, map[string]string{"api/main.ts": "", "node_modules/@types/node/package.json": "{}", "node_modules/zod/package.json": "{}", "node_modules/@types/lodash/package.json": "{}"})
	modules := read(dir, "api/fazt-modules.d.ts")
	for module, want := range map[string]bool{`"node:path"`: false, `"zod"`: false, `"lodash"`: false, `"dayjs"`: true, `"uuid"`: true} {
		if strings.Contains(modules, "declare module "+module) != want {
			t.Errorf("%s is declared: %v", module, !want)
		}
	}
	if got := read(dir, "api/tsconfig.json"); !strings.Contains(got, `"types": ["node"]`) {
		t.Error(got)
	}

	// A function elsewhere has the types next to it, and the settings of the project.
	dir = typed(t, i, map[string]string{"fazt.json": `{ "function": "src/worker.ts" }`, "src/worker.ts": "", "tsconfig.json": "{}"})
	if entries, err := filepath.Glob(filepath.Join(dir, "src", "*")); err != nil || len(entries) != 3 {
		t.Errorf("%v %v", entries, err)
	}
	if code, out := fazt(t, i, "types", filepath.Join(dir, "none")); code != 1 || !strings.Contains(out, "no folder") {
		t.Errorf("%d %s", code, out)
	}
}

// A project may come from others.
func TestTypesAreWrittenIntoTheFolderOnly(t *testing.T) {
	t.Parallel()
	i := fazttest.New(t)
	for name, link := range map[string]string{"a file": "api/fazt.d.ts", "the settings": "api/tsconfig.json", "the folder": "api", "the function": "fazt.json"} {
		dir, outside := t.TempDir(), t.TempDir()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch link {
		case "fazt.json":
			rel, _ := filepath.Rel(dir, filepath.Join(outside, "x.ts"))
			err = os.WriteFile(filepath.Join(dir, link), []byte(`{ "function": "`+filepath.ToSlash(rel)+`" }`), 0o644)
		case "api":
			err = os.Symlink(outside, filepath.Join(dir, link))
		default:
			err = os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, link))
		}
		if err != nil {
			t.Skip(err)
		}
		code, out := fazt(t, i, "types", dir)
		if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
			t.Errorf("%s: %v was written, %v", name, entries, err)
		}
		if link != "fazt.json" && (code != 1 || !strings.Contains(out, "cannot be written")) {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
}
