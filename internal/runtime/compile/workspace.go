package compile

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// WorkspaceFolder is where a deployment has the files of the workspace that its folder is in: packages that are installed
// there for all of its projects, and its other projects.
const WorkspaceFolder = "node_modules/.workspace/"

// workspace is a folder with several projects, whose packages are installed at its root. Of its other files, none may be
// deployed: they are the author's, and a package or a link could name them.
type workspace struct {
	root     string   // "" = the folder is not a project of a workspace
	patterns []string // of the folders of its projects
}

// workspaceOf returns the workspace that a folder is a project of. The search ends at the root of the git repository, and at
// a folder that everybody can write, such as /tmp.
func workspaceOf(folder string) workspace {
	for at := folder; ; {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return workspace{}
		}
		if at == filepath.Dir(at) {
			return workspace{}
		}
		at = filepath.Dir(at)
		if info, err := os.Stat(at); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 {
			return workspace{}
		}
		if patterns := projectsOf(at); len(patterns) > 0 {
			w := workspace{at, patterns}
			if relative, err := filepath.Rel(at, folder); err == nil && w.isProject(filepath.ToSlash(relative)) {
				return w
			}
			return workspace{}
		}
	}
}

// projectsOf returns the patterns of the projects of a workspace, as npm, yarn and bun or pnpm have them.
func projectsOf(dir string) (patterns []string) {
	if data, err := os.ReadFile(filepath.Join(dir, "pnpm-workspace.yaml")); err == nil {
		for line := range strings.Lines(string(data)) {
			if item, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
				patterns = append(patterns, strings.Trim(strings.TrimSpace(item), `"'`))
			}
		}
		return patterns
	}
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	var m struct{ Workspaces json.RawMessage }
	if err != nil || json.Unmarshal(data, &m) != nil {
		return nil
	}
	if json.Unmarshal(m.Workspaces, &patterns) != nil {
		var long struct{ Packages []string }
		_ = json.Unmarshal(m.Workspaces, &long)
		return long.Packages
	}
	return patterns
}

// isProject reports whether a folder of the workspace is one of its projects.
func (w workspace) isProject(folder string) bool {
	found := false
	for _, pattern := range w.patterns {
		pattern, not := strings.CutPrefix(pattern, "!")
		pattern = path.Clean(strings.TrimPrefix(pattern, "./"))
		matches, _ := path.Match(pattern, folder)
		if below, ok := strings.CutSuffix(pattern, "/**"); ok {
			matches = strings.HasPrefix(folder, below+"/")
		}
		if matches {
			found = !not
		}
	}
	return found && folder != "."
}

// has reports whether a file of the workspace may be deployed: it is in a package that is installed at the root or in a
// project, or it is a file of a project. Hidden files of projects are not.
func (w workspace) has(name string) bool {
	if w.root == "" || !filepath.IsLocal(filepath.FromSlash(name)) {
		return false
	}
	if project, _, ok := strings.Cut("/"+name, "/node_modules/"); ok {
		return project == "" || w.contains(project[1:]+"/package.json")
	}
	return w.contains(name)
}

// contains reports whether a file is one of a project, and not hidden.
func (w workspace) contains(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return false
		}
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if w.isProject(dir) {
			return true
		}
	}
	return false
}
