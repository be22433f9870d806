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
	added, err := from.Take(ctx, packages.Files)
	if err != nil {
		return err
	}
	for _, a := range added {
		p.From[a.Path] = from
	}
	p.imports = packages.Imports
	made := op.Announced{Path: compile.ImportsFile, Size: int64(len(p.imports)), Hash: sha256.Sum256(p.imports)}
	p.Plan.Files = slices.Concat(p.Plan.Files, added, []op.Announced{made})
	slices.SortFunc(p.Plan.Files, func(a, b op.Announced) int { return strings.Compare(a.Path, b.Path) })
	return nil
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
