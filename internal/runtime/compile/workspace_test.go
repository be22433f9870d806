package compile

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// An import, a link or a list of imports could name any file next to a workspace, and the deploy sent it.
func TestOnlyPackagesAndProjectsOfAWorkspaceAreDeployed(t *testing.T) {
	t.Parallel()
	const secret = "the author's secret"
	for name, tt := range map[string]struct {
		folder string
		own    files // of the deployed folder
		top    files
		links  map[string]string
	}{
		"an import of a hidden file":        {"apps/site", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export { default } from '../../.env' with { type: 'text' }", ".env": secret}, nil},
		"an import of another file":         {"apps/site", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export { default } from '../../notes/plan.txt'", "notes/plan.txt": secret}, nil},
		"a hidden file of a project":        {"apps/site", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export { default } from '../../libs/a/.env' with { type: 'text' }", "libs/a/.env": secret}, nil},
		"a file at the root":                {"apps/site", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export { default } from '../../a.txt'", "a.txt": secret}, nil},
		"a list of imports":                 {"apps/site", files{"api/main.js": "import text from 'zz'; export default text", ImportsFile: `{"import":{"api/main.js":{"zz":"node_modules/.workspace/.ssh/id.txt"}}}`}, files{".ssh/id.txt": secret}, nil},
		"a list that climbs":                {"apps/site", files{"api/main.js": "import text from 'zz'; export default text", ImportsFile: `{"import":{"api/main.js":{"zz":"node_modules/.workspace/node_modules/../a.txt"}}}`}, files{"a.txt": secret}, nil},
		"a list with a link":                {"apps/site", files{"api/main.js": "import text from 'zz'; export default text", ImportsFile: `{"import":{"api/main.js":{"zz":"node_modules/x/.env.txt"}}}`, ".env.txt": secret}, files{}, map[string]string{"apps/site/node_modules/x": ".."}},
		"a link of a package":               {"apps/site", files{"api/main.js": "import text from 'x/a.txt'; export default text"}, files{"notes/a.txt": secret}, map[string]string{"node_modules/x": "../notes"}},
		"a folder that is not a project":    {"vendor/site", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export default '" + secret + "'"}, nil},
		"a project that is excluded":        {"apps/out", files{"api/main.js": "export { default } from 'x'"}, files{"node_modules/x/index.js": "export default '" + secret + "'"}, nil},
		"a repository within a workspace":   {"apps/site", files{"api/main.js": "export { default } from 'x'", ".git/HEAD": ""}, files{"node_modules/x/index.js": "export default '" + secret + "'"}, nil},
		"packages of what is not a project": {"apps/site", files{"api/main.js": "export { default } from '../../../notes/node_modules/x/index.js'"}, files{"notes/node_modules/x/index.js": "export default '" + secret + "'"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := filepath.Join(t.TempDir(), "top")
			write(t, top, files{"package.json": `{"workspaces":{"packages":["./apps/*","libs/**","!apps/out"]}}`})
			write(t, top, tt.top)
			write(t, filepath.Join(top, filepath.FromSlash(tt.folder)), tt.own)
			for link, to := range tt.links {
				at := filepath.Join(top, filepath.FromSlash(link))
				if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(to, at); err != nil {
					t.Skip(err)
				}
			}
			folder := filepath.Join(top, filepath.FromSlash(tt.folder))
			p, err := Gather(t.Context(), folder, false, files{"api/main.js": tt.own["api/main.js"]})
			if err != nil {
				return // refused
			}
			for _, name := range p.Files {
				file := filepath.Join(folder, filepath.FromSlash(name))
				if below, ok := strings.CutPrefix(name, WorkspaceFolder); ok {
					file = filepath.Join(top, filepath.FromSlash(below))
				}
				if data, _ := os.ReadFile(file); strings.Contains(string(data), secret) {
					t.Errorf("%s would be sent", name)
				}
			}
		})
	}
}

func TestAFolderThatEverybodyCanWriteIsNoWorkspace(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes mean nothing")
	}
	top := filepath.Join(t.TempDir(), "top")
	write(t, top, files{"package.json": `{"workspaces":["*"]}`, "site/a": ""})
	if w := workspaceOf(filepath.Join(top, "site")); w.root != top {
		t.Errorf("got %+v", w)
	}
	if err := os.Chmod(top, 0o777); err != nil {
		t.Fatal(err)
	}
	if w := workspaceOf(filepath.Join(top, "site")); w.root != "" {
		t.Errorf("got %+v", w)
	}
}

func TestSettingsOfADeploymentReadNoFile(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		``: "", `null`: "", `[]`: "", `{}`: "", `{"extends":"/etc/passwd"}`: "", `{"compilerOptions":{"baseUrl":"/","paths":{"*":["/etc/*"]}}}`: "",
		`{"extends":"/etc/passwd","compilerOptions":{"jsx":"react-jsx","jsxImportSource":["x"],"target":7,"experimentalDecorators":true,"baseUrl":"/etc"}}`: `{"compilerOptions":{"experimentalDecorators":true,"jsx":"react-jsx"}}`,
	} {
		if got := onlySettings([]byte(given)); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
	_, err := Compile(t.Context(), files{"api/main.js": "export default () => new Response()", ImportsFile: `{"tsconfig":{"extends":"/etc/passwd"}}`})
	if err != nil {
		t.Error(err)
	}
}

func TestSettingsThatExtendEachOtherAreReadABoundedNumberOfTimes(t *testing.T) {
	t.Parallel()
	reads := 0
	got := tsconfig(func(name string) ([]byte, error) {
		reads++
		return []byte(`{"extends":["./tsconfig.json","./tsconfig.json","./tsconfig.json"],"compilerOptions":{"jsx":"react"}}`), nil
	})
	if reads > 60 || !strings.Contains(got, "react") {
		t.Errorf("%d reads, %s", reads, got)
	}
	if n := len(PlainJSON([]byte(strings.Repeat(" ]", 1<<20)))); n != 2<<20 { // took hours
		t.Errorf("%d bytes are left", n)
	}
}
