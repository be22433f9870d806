package project

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
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
	packages, err := c.Gather(ctx, dir, local{p})
	if err != nil || packages.Imports == nil {
		return err
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
	more, err := p.take(ctx, p.workspace, shared)
	if err != nil {
		return err
	}
	p.imports = packages.Imports
	made := op.Announced{Path: compile.ImportsFile, Size: int64(len(p.imports)), Hash: sha256.Sum256(p.imports)}
	p.Plan.Files = slices.Concat(p.Plan.Files, added, more, []op.Announced{made})
	slices.SortFunc(p.Plan.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	return nil
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

// openImports opens the only file of a plan that is not in a folder.
func (p *Project) openImports() io.ReadCloser { return io.NopCloser(bytes.NewReader(p.imports)) }

// InstallPackages installs the packages of a project with a function, if that was not done yet. It runs here, as the
// user who deploys, and never on a server.
func InstallPackages(ctx context.Context, dir string, log io.Writer) error {
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if info, err := os.Stat(filepath.Join(dir, "api")); err != nil || !info.IsDir() {
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
	return runTool(ctx, dir, log, managerOf(dir), "install")
}
