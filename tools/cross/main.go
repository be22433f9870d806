// Command cross checks every package of the project, with its tests and the libraries it uses, for the given targets. It
// takes seconds, where compiling takes minutes: it checks types but generates no code, and of the standard library, which
// is released for all targets at once, it reads only the declarations. What the linker would miss, it looks for itself.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
)

func main() {
	c, err := newChecker(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	failed := false
	for _, target := range os.Args[1:] {
		fmt.Println("type-check", target)
		problems, err := c.check(target)
		for _, p := range problems {
			failed = true
			fmt.Fprintln(os.Stderr, p)
		}
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", target, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// large is the length from which a file is parsed again for every target: all those trees together take gigabytes.
const large = 1 << 20

// checker checks the packages below dir. It parses other files once, for all targets that have them.
type checker struct {
	dir string
	std string // the folder of the standard library
	set *token.FileSet

	mu     sync.Mutex
	parsed map[string]func() (*ast.File, error) // by path
}

func newChecker(dir string) (*checker, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	std := filepath.Join(strings.TrimSpace(string(root)), "src")
	return &checker{dir: dir, std: std, set: token.NewFileSet(), parsed: map[string]func() (*ast.File, error){}}, nil
}

// check returns the type errors for a target such as linux/arm64.
func (c *checker) check(target string) (problems []string, err error) {
	system, arch, ok := strings.Cut(target, "/")
	if !ok {
		return nil, errors.New("a target is GOOS/GOARCH")
	}
	list, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesSizes,
		Dir:       c.dir,
		Env:       append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch),
		Tests:     true,
		Fset:      c.set,
		ParseFile: c.file,
	}, "./...")
	if err != nil {
		return nil, err
	}
	own := 0
	seen := map[string]bool{} // a package occurs once with its tests and once without
	report := func(text string) {
		if !seen[text] {
			seen[text] = true
			problems = append(problems, target+": "+text)
		}
	}
	packages.Visit(list, nil, func(p *packages.Package) {
		if p.Module != nil && p.Module.Main {
			own++
		}
		for _, e := range p.Errors {
			if (p.Module != nil || e.Kind == packages.ListError) && !generated(p) {
				report(e.Error())
			}
		}
		if p.Module != nil {
			for _, text := range c.undefined(p) {
				report(text)
			}
		}
	})
	if own == 0 {
		err = errors.New("no package was found")
	}
	return problems, err
}

// file returns a parsed file. The type checker does not change it.
func (c *checker) file(_ *token.FileSet, name string, text []byte) (*ast.File, error) {
	if len(text) > large {
		return parse(c.std, c.set, name, text)
	}
	c.mu.Lock()
	parsed := c.parsed[name]
	if parsed == nil {
		parsed = sync.OnceValues(func() (*ast.File, error) { return parse(c.std, c.set, name, text) })
		c.parsed[name] = parsed
	}
	c.mu.Unlock()
	return parsed()
}

var (
	inAssembly = regexp.MustCompile(`(?m)^\s*TEXT\s+[^\s(]*·(\w+)(?:<\w+>)?\(SB\)`)
	linked     = regexp.MustCompile(`(?m)^//go:linkname (\w+)`)
)

// undefined lists the functions of a package that have a body neither in Go nor in assembly, nor under another name.
func (c *checker) undefined(p *packages.Package) (problems []string) {
	bare := map[string]token.Position{}
	for _, file := range p.Syntax {
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body == nil {
				bare[fn.Name.Name] = c.set.Position(fn.Pos())
			}
		}
	}
	if len(bare) == 0 {
		return nil
	}
	for _, name := range slices.Concat(p.GoFiles, p.OtherFiles) {
		text, err := os.ReadFile(name)
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, m := range slices.Concat(inAssembly.FindAllSubmatch(text, -1), linked.FindAllSubmatch(text, -1)) {
			delete(bare, string(m[1]))
		}
	}
	for name, at := range bare {
		problems = append(problems, fmt.Sprintf("%s: function %s has no body, neither in Go nor in assembly", at, name))
	}
	return problems
}

// parse reads a file; it leaves out the function bodies of the standard library, which is below std.
func parse(std string, set *token.FileSet, name string, text []byte) (*ast.File, error) {
	if rel, outside := filepath.Rel(std, name); outside != nil || !filepath.IsLocal(rel) {
		return parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	}
	// Parsing the bodies takes most of the time. Where cutting them out is not right, what is left does not parse.
	if file, err := parser.ParseFile(set, name, withoutBodies(text), parser.SkipObjectResolution); err == nil {
		return file, nil
	}
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if file == nil {
		return nil, err
	}
	for _, d := range file.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			fn.Body = nil
		}
	}
	return file, err
}

// withoutBodies removes the bodies of functions from formatted source, in which such a body ends at the next line that is
// a single brace.
func withoutBodies(text []byte) []byte {
	const end = "\n}\n"
	out := make([]byte, 0, len(text)/4)
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line = text[:i]
		}
		if head, opens := bytes.CutSuffix(line, []byte(" {")); opens && bytes.HasPrefix(line, []byte("func ")) {
			if body := bytes.Index(text, []byte(end)); body >= 0 {
				out = append(append(out, head...), '\n')
				text = text[body+len(end):]
				continue
			}
		}
		n := min(len(line)+1, len(text))
		out, text = append(out, text[:n]...), text[n:]
	}
	return out
}

// generated reports whether a package is the main program that go writes for the tests of another.
func generated(p *packages.Package) bool { return strings.HasSuffix(p.ID, ".test") }
