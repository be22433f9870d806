package project

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fazt/internal/api/op"
	"fazt/internal/cli/folder"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
)

// addPackages adds to the plan what the function imports from node_modules, and nothing else.
func (p *Project) addPackages(ctx context.Context, dir string, c *compiler.Compiler) error {
	from := p.main
	if p.source != nil {
		from = p.source
	}
	packages, err := c.Gather(ctx, dir, p.function != nil, local{p})
	if err != nil {
		return err
	}
	more, err := p.take(ctx, p.function, packages.Own)
	if err != nil {
		return err
	}
	p.plan(more)
	if packages.Imports == nil {
		return nil
	}
	own, shared := packages.Files, []string(nil)
	if packages.Workspace != "" {
		below := func(name string) bool { return strings.HasPrefix(name, compile.WorkspaceFolder) }
		own, shared = slices.DeleteFunc(slices.Clone(own), below), slices.DeleteFunc(own, func(name string) bool { return !below(name) })
		if p.workspace, err = folder.Open(packages.Workspace, compile.WorkspaceFolder); err != nil {
			return err
		}
	}
	added, err := p.take(ctx, from, own)
	if err != nil {
		return err
	}
	if more, err = p.take(ctx, p.workspace, shared); err != nil {
		return err
	}
	p.plan(added)
	p.plan(more)
	p.make(compile.ImportsFile, packages.Imports)
	return nil
}

// plan adds files to the plan.
func (p *Project) plan(files []op.Announced) {
	p.Plan.Files = slices.Concat(p.Plan.Files, files)
	slices.SortFunc(p.Plan.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
}

// make adds a file that is in no folder to the plan. It takes the place of one that is.
func (p *Project) make(path string, content []byte) {
	if p.made == nil {
		p.made = map[string][]byte{}
	}
	p.made[path] = content
	p.Plan.Files = slices.DeleteFunc(slices.Clone(p.Plan.Files), func(a op.Announced) bool { return a.Path == path })
	p.plan([]op.Announced{{Path: path, Size: int64(len(content)), Hash: sha256.Sum256(content)}})
}

// take takes files from a folder.
func (p *Project) take(ctx context.Context, from *folder.Folder, files []string) ([]op.Announced, error) {
	if len(files) == 0 {
		return nil, nil
	}
	added, err := from.Take(ctx, files)
	for _, a := range added {
		p.From[a.Path] = from
	}
	return added, err
}

// InstallPackages installs the packages of a project with a function, if that was not done yet. It runs here, as the
// user who deploys, and never on a server. elsewhere means that the function does not begin in api/.
func InstallPackages(ctx context.Context, dir string, elsewhere bool, o Options) error {
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, err := os.Stat(filepath.Join(dir, "api")); !elsewhere && (err != nil || !info.IsDir()) {
		return nil
	}
	data, err := readPackage(dir)
	if err != nil {
		return nil // the compiler reports missing imports later
	}
	var pkg struct {
		Dependencies map[string]any `json:"dependencies"`
	}
	if json.Unmarshal(data, &pkg) != nil || len(pkg.Dependencies) == 0 {
		return nil
	}
	return runTool(ctx, dir, o, managerOf(dir), "install")
}
