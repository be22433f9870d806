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

// webTest runs a file written for testharness.js as the function of an app and tells what came of each of its tests. The
// file's own scripts and resources are read below root.
type webTest struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

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
	fmt.Fprintf(&code, "{ const files = %s; self.fetch = async (name) => name in files ? new Response(files[name]) : Promise.reject(new TypeError('there is no ' + name)); }\n", data)
	for _, script := range metaScripts(string(text)) {
		more, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(beside(name, script))))
		if errors.Is(err, fs.ErrNotExist) && (strings.Contains(script, "subset-tests") || strings.Contains(script, "/resources/testharness") || strings.Contains(script, "gc.js")) {
			continue // the harness has it
		}
		if err != nil {
			return nil, err
		}
		code.Write(more)
		code.WriteString("\n")
	}
	code.Write(text)
	// A script, as these files are: `respond` ends it with what the harness found.
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

// metaScripts are the scripts that a file asks for in comments at its beginning.
func metaScripts(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if script, ok := strings.CutPrefix(strings.TrimSpace(line), "// META: script="); ok {
			list = append(list, script)
		}
	}
	return list
}

func beside(name, other string) string {
	if strings.HasPrefix(other, "/") {
		return strings.TrimPrefix(other, "/")
	}
	return path.Join(path.Dir(name), other)
}

// resourcesOf are the files that a test fetches, by the name it uses.
func resourcesOf(root, name, text string) (map[string]string, error) {
	list := map[string]string{}
	for _, found := range regexp.MustCompile(`fetch\(["']([^"']+\.json)["']\)`).FindAllStringSubmatch(text, -1) {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(beside(name, found[1]))))
		if err != nil {
			return nil, err
		}
		list[found[1]] = string(data)
	}
	return list, nil
}

// Our own cases, written from the standards. All of them hold.
func TestWhatTheStandardsSay(t *testing.T) {
	runtimetest.SlowUnderRace(t)
	files, err := filepath.Glob(filepath.Join("testdata", "webapi", "*.any.js"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases", err)
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

// The public web-platform-tests, from a checkout of them that FAZT_WPT names: what applies to a server. It counts, and fails
// for nothing but a checkout that has none of them.
func TestTheWebPlatformTests(t *testing.T) {
	root := os.Getenv("FAZT_WPT")
	if root == "" {
		t.Skip("FAZT_WPT names no checkout of the web-platform-tests")
	}
	all := 0
	for _, folder := range []string{"url", "encoding", "fetch/api/headers", "fetch/api/request", "fetch/api/response", "fetch/api/body", "streams", "dom/abort", "dom/events", "compression", "html/webappapis/structured-clone", "html/webappapis/atob", "urlpattern", "WebCryptoAPI/digest", "WebCryptoAPI/sign_verify"} {
		passed, failed, broken := 0, 0, 0
		_ = filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".any.js") {
				return nil //nolint:nilerr // a folder that is not there has no tests
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
