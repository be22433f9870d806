package runtime_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

// webTest is the result of one test.
type webTest struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

// runWebTest runs a file written for testharness.js as the function of an app, and returns the result of each of its tests. The
// file's scripts and resources are read from root.
func runWebTest(t *testing.T, root, name, variant string) ([]webTest, error) {
	t.Helper()
	harness, err := os.ReadFile(filepath.Join("testdata", "harness.js"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	var code strings.Builder
	code.Write(harness)
	fmt.Fprintf(&code, "\nself.location = new URL(%q);\n", "http://web-platform.test/"+name+variant)
	resources, err := resourcesOf(root, name, string(text))
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(resources)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&code, "{ const files = %s; self.ownFetch = self.fetch; self.fetch = async (name) => name in files ? new Response(files[name]) : Promise.reject(new TypeError('there is no ' + name)); }\n", data)
	for _, script := range metaScripts(string(text)) {
		more, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(relativeTo(name, script))))
		if errors.Is(err, fs.ErrNotExist) && (strings.Contains(script, "subset-tests") || strings.Contains(script, "/resources/testharness") || strings.Contains(script, "gc.js")) {
			continue // the harness includes it
		}
		if err != nil {
			return nil, err
		}
		code.Write(more)
		code.WriteString("\n")
	}
	code.Write(text)
	// These files are scripts: respond at the end sends the results of the harness.
	code.WriteString("\nrespond(200, { list: await results() });\n")
	h := runtimetest.New(t, code.String(), func(l *system.Runtime) {
		l.ExecTimeout, l.MaxMemory, l.MaxPending = 60_000, 512<<20, 10_000
	})
	w := h.Ask(t, "GET", "/", "")
	var answer struct{ List []webTest }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		return nil, fmt.Errorf("%d %.200s %.500s", w.Code, w.Body, h.Log)
	}
	return answer.List, nil
}

// metaScripts returns the scripts that a file includes with comments at its start.
func metaScripts(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if script, ok := strings.CutPrefix(strings.TrimSpace(line), "// META: script="); ok {
			list = append(list, script)
		}
	}
	return list
}

func relativeTo(name, other string) string {
	if strings.HasPrefix(other, "/") {
		return strings.TrimPrefix(other, "/")
	}
	return path.Join(path.Dir(name), other)
}

// resourcesOf returns the files that a test fetches, by the name it uses.
func resourcesOf(root, name, text string) (map[string]string, error) {
	list := map[string]string{}
	for _, found := range regexp.MustCompile(`fetch\(["']([^"']+\.json)["']\)`).FindAllStringSubmatch(text, -1) {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(relativeTo(name, found[1]))))
		if err != nil {
			return nil, err
		}
		list[found[1]] = string(data)
	}
	return list, nil
}

// Our own cases, written from the standards. All of them pass.
func TestOwnCasesOfTheStandards(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	files, err := filepath.Glob(filepath.Join("testdata", "webapi", "*.any.js"))
	if err != nil || len(files) == 0 {
		t.Fatal("no cases found", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			list, err := runWebTest(t, filepath.Dir(file), name, "")
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				t.Fatal("it has no tests")
			}
			t.Logf("%d cases", len(list))
			for _, one := range list {
				if !one.OK {
					t.Errorf("%s: %s", one.Name, one.Message)
				}
			}
		})
	}
}

// This runs the public web-platform-tests that apply to a server, from the checkout named by FAZT_WPT. It only counts passes and
// failures, and fails only if the checkout has none of the tests.
func TestTheWebPlatformTests(t *testing.T) {
	root := os.Getenv("FAZT_WPT")
	if root == "" {
		t.Skip("FAZT_WPT does not name a checkout of the web-platform-tests")
	}
	all := 0
	for _, folder := range []string{"url", "encoding", "fetch/api/headers", "fetch/api/request", "fetch/api/response", "fetch/api/body", "streams", "dom/abort", "dom/events", "compression", "html/webappapis/structured-clone", "html/webappapis/atob", "urlpattern", "WebCryptoAPI/digest", "WebCryptoAPI/sign_verify"} {
		passed, failed, broken := 0, 0, 0
		_ = filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".any.js") {
				return nil // a missing folder has no tests
			}
			relative, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(relative)
			list, err := runWebTest(t, root, name, "")
			if err != nil {
				broken++
				t.Logf("%s: %v", name, err)
				return nil
			}
			bad := slices.DeleteFunc(slices.Clone(list), func(one webTest) bool { return one.OK })
			passed, failed = passed+len(list)-len(bad), failed+len(bad)
			for _, one := range bad[:min(len(bad), 10)] {
				t.Logf("%s: %s: %.200s", name, one.Name, one.Message)
			}
			return nil
		})
		all += passed + failed
		t.Logf("%-40s %5d passed, %5d failed, %3d files did not run", folder, passed, failed, broken)
	}
	if all == 0 {
		t.Errorf("there are no web-platform-tests in %s", root)
	}
}
