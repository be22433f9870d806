package runtime_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/runtimetest"
)

// An import leads to a file of the deployment or of a package, or fails with a clear error. It never leads to a file of the
// machine, or to an internal part of the product.
func TestNoImportLeadsOutOfTheDeployment(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	dir := t.TempDir()
	for _, name := range []string{"secret.js", "secret.json", "secret.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`"the machine's secret"`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	up := strings.Repeat("../", 40)
	for code, want := range map[string]string{ // the error when deploying or when running
		`require("` + up + `etc/passwd")`:                                           "is outside the deployment",
		`require("/etc/passwd")`:                                                    `there is no file "/etc/passwd" in the deployment`,
		`require("../../x")`:                                                        "is outside the deployment",
		`require("..\\..\\etc\\passwd")`:                                            "there is no package",
		`require("file:///etc/passwd")`:                                             "not URLs",
		`import("file:///etc/passwd")`:                                              "not URLs",
		`require("%2e%2e/%2e%2e/etc/passwd")`:                                       "there is no package",
		`require("./%2e%2e/lib.js")`:                                                "there is no file",
		`require("./lib\0.js")`:                                                     "there is no file",
		`require("node:../lib")`:                                                    `"node:../lib" is not available`,
		`require("node:fs").readFileSync("/etc/passwd")`:                            "ENOENT",
		`require("node:fs").readFileSync("../secret.js", "utf8")`:                   "ENOENT",
		`require("node:fs").readFileSync("private/../../secret.js")`:                "ENOENT",
		`await require("node:fs").promises.readFile(new URL("file:///etc/passwd"))`: "ENOENT",
		`require("node:fs").readdirSync("/etc")`:                                    "ENOENT",
		`require("node:")`:                                                          "not available",
		`require("node:__proto__")`:                                                 "not available",
		`require("__proto__")`:                                                      "there is no package",
		`require("constructor")`:                                                    "there is no package",
		`require("lodash/__proto__")`:                                               "there is no package",
		`require("cheerio/../std-lodash")`:                                          "there is no package",
		`require("fazt:prelude")`:                                                   "not URLs",
		`require("fazt:bodies")`:                                                    "not URLs",
		`require("prelude")`:                                                        "there is no package",
		`require("bodies")`:                                                         "there is no package",
		`require("std-cheerio")`:                                                    "there is no package",
		`require("node-buffer")`:                                                    "there is no package",
		`require("app:api/lib.js")`:                                                 "not URLs",
		`require("own:std-lodash")`:                                                 "not URLs",
		`require("")`:                                                               "there is no package",
		`require(".")`:                                                              "there is no file",
		`__fazt_part("bodies")`:                                                     "undefined",
		`__fazt_part("std-../bodies")`:                                              "does not include",
		`__fazt_node("../bodies")`:                                                  "does not include",
		`__fazt_node("__proto__")`:                                                  "does not include",
		`__fazt_part({ startsWith: () => true, toString: () => "bodies" })`:         "undefined",
		`eval('require("./lib.js")')`:                                               "require is not defined",
		`await eval('import("./lib.js")')`:                                          "could not load module",
		`await eval('import("/etc/passwd")')`:                                       "could not load module",
		`await new Function('return import("./lib.js")')()`:                         "could not load module",
		`eval("import.meta.url")`:                                                   "import.meta",

		// computed at run time
		`const n = "../secret.js"; let f = require; f(n)`:                                                        "is not supported",
		`const n = ["../secret.js"][0]; require(n)`:                                                              `require needs the name of a file or a package written out: what it imports is known when the function is deployed, and "../secret.js" is not`,
		`const n = ["/etc/passwd"][0]; await import(n)`:                                                          `import needs the name of a file or a package written out`,
		`require({ toString() { return "./lib.js" } })`:                                                          "and this is not",
		`require({ get toString() { throw new Error("x") } })`:                                                   "and this is not",
		`require(new Proxy({}, { get() { throw new Error() } }))`:                                                "and this is not",
		`await import({ toString() { return "./lib.js" } })`:                                                     "and this is not",
		`const n = "secret"; require("./" + [n])`:                                                                `"./secret" is not`,
		"const n = 'secret'; require(`./${[n]}.js`)":                                                             `"./secret.js" is not`,
		"const n = 'secret'; require(`./${[n]}.json`)":                                                           `"./secret.json" is not`,
		"const n = 'secret'; await import(`./${[n]}.txt`)":                                                       `"./secret.txt" is not`,
		"const n = 'secret'; await import /* x */ ( /* ) */ `./${[n]}.txt`)":                                     `"./secret.txt" is not`,
		"const n = 'passwd'; require(`" + up + "etc/${[n]}`)":                                                    `etc/passwd" is not`,
		"const n = 'secret'; r\\u0065quire(`./${[n]}.js`)":                                                       `"./secret.js" is not`,
		"const n = 'secret'; require(1 ? `./${[n]}.js` : `./x/${[n]}`)":                                          `"./secret.js" is not`,
		"const n = 'x';\r\n\u2028\r\n/* é */ require(`./${[n]}.js`); require(`./${[n]}.txt`)":                    `"./x.js" is not`,
		"const n = 'secret'; const o = { m() { return class { static x = require(`./**/${[n]}.js`) } } }; o.m()": `"./**/secret.js" is not`,
		"const n = 'secret'; await import(`./${[n]}.json`, { with: { type: 'json' } })":                          "",
	} {
		text, failed := try(t, code)
		if !failed || !strings.Contains(text, want) || strings.Contains(text, "machine's") {
			t.Errorf("%s\n\t%s", code, text)
		}
	}
	for code, want := range map[string]string{
		`require("./lib.js").own`: "own", `require("../lib").own`: "own", `(await import("../api/lib.js")).default.own`: "own", `require("lodash/../../lib").own`: "own",
		`const d = require("./data.json"); ({}).polluted + " " + d.polluted + " " + Object.hasOwn(d, "__proto__") + " " + d.constructor`: "undefined undefined true 1",
		"/* `./${x}` */ 'import(`./${x}`)'": "import(`./${x}`)", `const important = (x) => x, required = important; required("./" + important("x"))`: "./x",
		`try { const n = "fs"; require([n][0]) } catch (e) { e.name }`: "TypeError",
	} {
		if text, failed := try(t, code); failed || text != want {
			t.Errorf("%s\n\t%s", code, text)
		}
	}
}

// try deploys and runs a script, and returns its result or why it failed.
func try(t *testing.T, code string) (text string, failed bool) {
	t.Helper()
	source := runtimetest.Files{
		"api/main.js": code, "lib.js": `exports.own = "own"`, "api/lib.js": `exports.own = "own"`, "api/data.json": `{"__proto__":{"polluted":1},"constructor":1}`, "package.json": `{}`,
	}
	p, err := compile.Compile(t.Context(), source)
	if err != nil {
		if !errs.Is(err, errs.Unprocessable) {
			t.Errorf("%s: %v", code, err)
		}
		return err.Error(), true
	}
	h := runtimetest.New(t, "respond()")
	h.Fn.Deployment, h.Fn.Load = "dep_tried", func(context.Context) (*compile.Program, error) { return p, nil }
	w := h.Ask(t, "GET", "/", "")
	if w.Body.Len() == 0 {
		return "undefined", true
	}
	return w.Body.String() + h.Log.String(), w.Code != 200
}

// A source map named in a comment is not read: it would be a file of the machine, and some of those are endless.
func TestTheBundlerReadsNoFileNamedInAComment(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	for _, comment := range []string{"//# sourceMappingURL=file:///dev/zero", "//@ sourceMappingURL=file:///dev/zero", "/*# sourceMappingURL=file:///dev/zero */", "//# sourceMappingURL=file://localhost/dev/zero", "//# sourceMappingURL=/dev/zero", "//# sourceMappingURL=main.js.map"} {
		for _, code := range []string{"respond('x');\n" + comment, comment + "\nrespond('x');", "export default () => new Response('x')\n" + comment + "\n"} {
			if text, failed := try(t, code); failed || text != "x" {
				t.Errorf("%s: %s", comment, text)
			}
		}
	}
}

func TestALinkInTheFolderCannotLeadOut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, runtimetest.Files{"main.js": "x"})
	for name, to := range map[string]string{"api": dir, "passwd.js": "/etc/passwd"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	t.Chdir(dir)
	if text, failed := try(t, `require("../passwd.js")`); !failed || !strings.Contains(text, "there is no file") {
		t.Error(text)
	}
}
