package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/errs"
	"fazt/internal/hosting"
)

// managers are the package managers, each with its lockfiles.
func managers() []struct {
	name  string
	locks []string
} {
	return []struct {
		name  string
		locks []string
	}{
		{"bun", []string{"bun.lock", "bun.lockb"}},
		{"pnpm", []string{"pnpm-lock.yaml"}},
		{"yarn", []string{"yarn.lock"}},
		{"npm", []string{"package-lock.json", "npm-shrinkwrap.json"}},
	}
}

// HasBuild reports whether the project in dir has a build script.
func HasBuild(dir string) (bool, error) {
	data, err := readPackage(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, errs.Wrap(errs.Invalid, err, "package.json cannot be read: %v; --no-build deploys the folder as it is", Reason(err))
	}
	var pkg struct {
		Scripts map[string]any `json:"scripts"`
	}
	if err := json.Unmarshal(data, &pkg); err != nil {
		return false, errs.Wrap(errs.Invalid, err, "package.json is not valid JSON: %v; --no-build deploys the folder as it is", err)
	}
	script, _ := pkg.Scripts["build"].(string)
	return script != "", nil
}

// maxPackage bounds the size of package.json.
const maxPackage = 16 << 20

// readPackage reads package.json, which must be a file inside dir: the folder is not trusted.
func readPackage(dir string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	const name = "package.json"
	switch info, err := root.Stat(name); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	case info.Size() > maxPackage:
		return nil, errors.New("it is too large")
	}
	return root.ReadFile(name)
}

// Build runs the build script of a project, if it has one and is to be built, and returns where its parts are. It runs here,
// as the user who deploys, and never on a server.
func Build(ctx context.Context, dir string, o Options) (Output, error) {
	if o.Output != nil {
		return *o.Output, nil
	}
	m, built := ReadManifest(dir), false
	if o.WithoutPages {
		return withoutPages(dir, m), Install(ctx, dir, o)
	}
	var err error
	if !o.NoBuild {
		if built, err = runBuild(ctx, dir, o); err != nil {
			return Output{}, err
		}
		if err = InstallPackages(ctx, dir, m.Function != "", o); err != nil {
			return Output{}, err
		}
	}
	return FindOutput(dir, m, built)
}

// ReadManifest returns what fazt.json in a folder says. Faults in it are reported when the files are read.
func ReadManifest(dir string) op.Manifest {
	var m hosting.Manifest
	if data, err := (&places{dir: dir}).read(hosting.ManifestFile); err == nil {
		m, _ = hosting.ParseManifest(data, hosting.ManifestFile)
	}
	return show.Manifest(m)
}

// runBuild runs the build script of a project and reports whether there is one.
func runBuild(ctx context.Context, dir string, o Options) (bool, error) {
	if has, err := HasBuild(dir); err != nil || !has {
		return false, err
	}
	manager := managerOf(dir)
	if _, err := exec.LookPath(manager); err != nil {
		return false, errs.Wrap(errs.Invalid, err, "package.json has a build script and %s is not installed; install it, or use --no-build", manager)
	}
	if err := Install(ctx, dir, o); err != nil {
		return false, err
	}
	return true, runTool(ctx, dir, o, manager, "run", "build")
}

// Install installs the packages of a project that has a package.json, unless that was done before.
func Install(ctx context.Context, dir string, o Options) error {
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(dir, "package.json")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return runTool(ctx, dir, o, managerOf(dir), "install")
}

// managerOf returns the package manager whose lockfile is in dir; npm by default.
func managerOf(dir string) string {
	for _, m := range managers() {
		for _, lock := range m.locks {
			if _, err := os.Stat(filepath.Join(dir, lock)); err == nil {
				return m.name
			}
		}
	}
	return "npm"
}

// runTool runs a program in dir and streams its output with a prefix.
func runTool(ctx context.Context, dir string, o Options, name string, args ...string) error {
	line := name + " " + strings.Join(args, " ")
	fmt.Fprintf(o.Log, "$ %s\n", line)
	if o.Step != nil {
		o.Step(line)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second // for processes it left running
	out := &prefixed{w: o.Log, prefix: "  "}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	out.flush()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errs.Wrap(errs.Unprocessable, err, "`%s` failed (%v); nothing was deployed", line, err)
}

// prefixed writes whole lines with a prefix.
type prefixed struct {
	w      io.Writer
	prefix string
	rest   []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	p.rest = append(p.rest, b...)
	for {
		i := bytes.IndexByte(p.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		if _, err := fmt.Fprintf(p.w, "%s%s", p.prefix, p.rest[:i+1]); err != nil {
			return 0, err
		}
		p.rest = p.rest[i+1:]
	}
}

func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		fmt.Fprintf(p.w, "%s%s\n", p.prefix, p.rest)
		p.rest = nil
	}
}

// Reason returns the message of a system error without the path, which the caller mentions.
func Reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
