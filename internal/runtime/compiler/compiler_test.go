package compiler_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"fazt/internal/errs"
	_ "fazt/internal/fazttest/child"
	fazt "fazt/internal/runtime"
	"fazt/internal/runtime/compile"
	"fazt/internal/runtime/compiler"
	"fazt/internal/runtime/runtimetest"
	"fazt/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files is a deployment in memory.
type files map[string]string

func (f files) Exists(path string) bool { _, ok := f[path]; return ok }

func (f files) ReadFile(_ context.Context, path string) ([]byte, error) {
	if text, ok := f[path]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func newCompiler(t testing.TB, change func(*system.Runtime)) *compiler.Compiler {
	t.Helper()
	limits := system.Defaults().Runtime
	limits.CompileMemory, limits.CompileTimeout, limits.MaxProgram = 256<<20, 60_000, 64<<20
	if change != nil {
		change(&limits)
	}
	c := compiler.New(func() system.Runtime { return limits })
	t.Cleanup(c.Close)
	return c
}

func TestCompile(t *testing.T) {
	c := newCompiler(t, nil)
	p, err := c.Compile(t.Context(), "app", files{"api/main.ts": `import { x } from "./x"; import data from "./data.json"; export default () => new Response(x + data.y);`, "api/x.ts": `export const x: number = 1;`, "api/data.json": `{"y":2}`})
	if err != nil {
		t.Fatal(err)
	}
	if p.Entry != "api/main.ts" || p.Style != compile.StyleModule || len(p.Script) == 0 || len(p.SourceMap) == 0 || len(p.Bytecode) == 0 {
		t.Errorf("%+v", p)
	}
	again, err := c.Assemble(t.Context(), "app", p)
	if err != nil || string(again) != string(p.Bytecode) {
		t.Errorf("bytecode made again is %d bytes, not %d: %v", len(again), len(p.Bytecode), err)
	}
	if p, err := c.Compile(t.Context(), "app", files{"index.html": "hi"}); p != nil || err != nil {
		t.Errorf("without a function: %v, %v", p, err)
	}
}

// A function deployed with another version of the engine is recompiled by the process, and runs.
func TestAProgramOfAnotherEngineRunsAgain(t *testing.T) {
	c := newCompiler(t, nil)
	p, err := c.Compile(t.Context(), "app", files{"api/main.js": `export default () => new Response("fresh");`})
	if err != nil {
		t.Fatal(err)
	}
	p.Engine, p.Bytecode = "quickjs-1970", []byte("garbage")
	h := runtimetest.NewWith(t, "respond()", runtimetest.Options{Config: func(config *fazt.Config) { config.Assemble = c.Assemble }})
	h.Fn.Load = func(context.Context) (*compile.Program, error) { return p, nil }
	w := h.Ask(t, "GET", "/", "")
	if w.Body.String() != "fresh" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestErrorsInTheSourceComeBackWithPositions(t *testing.T) {
	_, err := newCompiler(t, nil).Compile(t.Context(), "app", files{"api/main.js": "\n  export default () => {"})
	list, _ := errs.Details(err).([]compile.Diagnostic)
	if !errs.Is(err, errs.Unprocessable) || len(list) != 1 || list[0].File != "api/main.js" || list[0].Line != 2 || !strings.Contains(list[0].Frame, "^") {
		t.Errorf("%v: %+v", err, list)
	}
}

func repeat(text string, n int) string { return strings.Repeat(text, n) }

// hostile returns sources that crashed the process that read them or used all of its memory, and similar ones. There must be
// a result, it must be the author's error, and it must name the file. Some compile.
func hostile() map[string]files {
	const n = 300_000
	js := func(text string) files { return files{"api/main.js": text} }
	ts := func(text string) files { return files{"api/main.ts": text} }
	list := map[string]files{
		"parentheses":        js("respond(" + repeat("(", n)),
		"closed parentheses": js("respond(" + repeat("(", n) + "1" + repeat(")", n) + ")"),
		"arrays":             js("respond(" + repeat("[", n) + repeat("]", n) + ")"),
		"objects":            js("respond(" + repeat("{a:", n) + "1" + repeat("}", n) + ")"),
		"json arrays":        {"api/main.js": `import x from "./x.json"; respond(x)`, "api/x.json": repeat("[", 1_000_000) + repeat("]", 1_000_000)},
		"json objects":       {"api/main.js": `import x from "./x.json"; respond(x)`, "api/x.json": repeat(`{"a":`, n) + "1" + repeat("}", n)},
		"jsx":                {"api/main.tsx": "respond(" + repeat("<a>", n)},
		"jsx expressions":    {"api/main.tsx": "respond(" + repeat("<a>{", n)},
		"templates":          js("respond(" + repeat("`${", n)),
		"blocks":             js(repeat("{", n) + repeat("}", n)),
		"extends":            js("respond(class " + repeat("extends class ", n) + "{}" + repeat("{}", n) + ")"),
		"extends in heads":   js("respond(" + repeat("class extends (", n)),
		"arrows":             js("respond(" + repeat("a=>", n) + "1)"),
		"functions":          js(repeat("function f(){", n) + repeat("}", n)),
		"not":                js("respond(" + repeat("!", 1_000_000) + "1)"),
		"typeof":             js("respond(" + repeat("typeof ", n) + "1)"),
		"conditions":         js("respond(" + repeat("a?b:", n) + "1)"),
		"if":                 js(repeat("if(a)", n) + ";"),
		"else if":            js(repeat("if(a);else ", n) + ";"),
		"loops":              js(repeat("for(;;)", n) + ";"),
		"labels": js(func() string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "l%d:", i)
			}
			return b.String() + ";"
		}()),
		"new":                  js("respond(" + repeat("new ", n) + "a)"),
		"members":              js("respond(a" + repeat(".a", n) + ")"),
		"optional members":     js("respond(a" + repeat("?.a", n) + ")"),
		"calls":                js("respond(a" + repeat("()", n) + ")"),
		"sums":                 js("respond(a" + repeat("+a", n) + ")"),
		"sums of strings":      js(`respond("a"` + repeat(`+"a"`, n) + ")"),
		"powers":               js("respond(a" + repeat("**a", n) + ")"),
		"assignments":          js(repeat("a=", n) + "1"),
		"commas":               js("respond((a" + repeat(",a", n) + "))"),
		"patterns":             js("var " + repeat("[", n) + "a" + repeat("]", n) + "=1"),
		"patterns of objects":  js("var " + repeat("{a:", n) + "a" + repeat("}", n) + "=1"),
		"regular expression":   js("respond(/" + repeat("(", n) + repeat(")", n) + "/)"),
		"await":                js("respond(" + repeat("await ", n) + "1)"),
		"types":                ts("type A = " + repeat("[", n) + repeat("]", n)),
		"generics":             ts("let a: " + repeat("A<", n) + repeat(">", n)),
		"conditional types":    ts("type A = " + repeat("a extends b ? c : ", n) + "d"),
		"namespaces":           ts("namespace a" + repeat(".a", n) + " { export let x = 1 }"),
		"large number":         js("respond(" + repeat("9", 3_000_000) + "n)"),
		"a line of statements": js(repeat("a=1;", 2_000_000)),
	}
	chain := files{}
	for i := range 500 {
		chain[fmt.Sprintf("api/m%d.js", i)] = fmt.Sprintf("import './m%d.js'; export * from './m%d.js'", (i+1)%500, (i*7)%500)
	}
	chain["api/main.js"] = "import * as m from './m0.js'; respond(m)"
	list["modules"] = chain
	return list
}

func TestNoSourceCrashesTheServerThatCompilesIt(t *testing.T) {
	c := newCompiler(t, func(l *system.Runtime) { l.CompileMemory, l.Compiles = 192<<20, runtime.GOMAXPROCS(0) })
	// These overflowed the stack, which is fatal in Go, or took gigabytes.
	fatal := []string{"parentheses", "json arrays", "jsx", "templates", "blocks", "extends", "arrows", "not", "if", "new", "types"}
	sources := hostile()
	if testing.Short() {
		maps.DeleteFunc(sources, func(name string, _ files) bool { return !slices.Contains(fatal[:4], name) })
	}
	for name, src := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Compile(t.Context(), name, src)
			t.Logf("%.300v", err)
			if err == nil {
				if slices.Contains(fatal, name) {
					t.Error("it compiled")
				}
				return
			}
			if !errs.Is(err, errs.Unprocessable) {
				t.Errorf("%v: %v", errs.KindOf(err), err)
			}
			if len(src) == 1 && !strings.Contains(err.Error(), "api/main.") {
				t.Errorf("the file is not named: %v", err)
			}
		})
	}
}

// Each limit of the process, at its smallest value, has a clear message.
func TestExceededLimitsHaveAClearMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		src    files
		limits func(*system.Runtime)
		want   string
	}{
		"stack":                {hostile()["parentheses"], nil, "the code of api/main.js nests too deeply to be compiled"},
		"stack, of two files":  {files{"api/main.js": `import "./a.js"`, "api/a.js": repeat("[", 300_000)}, nil, "the code (probably api/a.js) nests too deeply to be compiled"},
		"memory":               {files{"api/main.js": repeat("a=[1];", 3_000_000)}, func(l *system.Runtime) { l.CompileMemory = 96 << 20 }, "the code of api/main.js needs more than 96 MB to compile; the limit is runtime.compile_memory"},
		"time":                 {files{"api/main.js": repeat("a=[1];", 3_000_000)}, func(l *system.Runtime) { l.CompileMemory, l.CompileTimeout = 2<<30, 50 }, "takes more than 50ms to compile; the limit is runtime.compile_timeout"},
		"size":                 {files{"api/main.js": repeat("a=[1];", 50_000)}, func(l *system.Runtime) { l.MaxProgram = 1 << 20 }, "the code of api/main.js is larger than 1 MB when compiled; the limit is runtime.max_program"},
		"time, before it read": {files{"api/main.js": "respond(1)"}, func(l *system.Runtime) { l.CompileTimeout = 1 }, "takes more than 1ms to compile; the limit is runtime.compile_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newCompiler(t, tt.limits).Compile(t.Context(), "app", tt.src)
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(errs.Sentence(err), tt.want) {
				t.Errorf("%v", err)
			}
			if list, _ := errs.Details(err).([]compile.Diagnostic); len(list) != 1 {
				t.Errorf("%+v", list)
			}
		})
	}
}

// waiting is a deployment whose file cannot be read until release is closed.
type waiting struct {
	files
	asked   chan struct{}
	release chan struct{}
}

func (w waiting) ReadFile(ctx context.Context, path string) ([]byte, error) {
	w.asked <- struct{}{}
	select {
	case <-w.release:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return w.files.ReadFile(ctx, path)
}

func newWaiting() waiting {
	return waiting{files{"api/main.js": "respond(1)"}, make(chan struct{}, 100), make(chan struct{})}
}

// An app whose functions take long to compile holds one place; another app gets the other one without waiting.
func TestAnAppCompilesOneFunctionAtATime(t *testing.T) {
	c := newCompiler(t, func(l *system.Runtime) { l.Compiles = 2 })
	w := newWaiting()
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			if _, err := c.Compile(t.Context(), "greedy", w); err != nil {
				t.Error(err)
			}
		})
	}
	<-w.asked
	if _, err := c.Compile(t.Context(), "other", files{"api/main.js": "respond(1)"}); err != nil {
		t.Error(err)
	}
	if len(w.asked) > 0 {
		t.Error("the app compiles twice at once")
	}
	close(w.release)
	done.Wait()
}

func TestTooManyWaitingJobsAreRefused(t *testing.T) {
	c := newCompiler(t, nil)
	w := newWaiting()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	refused := make(chan error, 20)
	for range 20 {
		go func() { _, err := c.Compile(ctx, "app", w); refused <- err }()
	}
	for range 11 { // one compiles and eight wait
		if err := <-refused; !errs.Is(err, errs.Unavailable) {
			t.Error(err)
		}
	}
	cancel()
	for range 9 {
		if err := <-refused; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if _, err := c.Compile(t.Context(), "app", files{"api/main.js": "respond(1)"}); err != nil {
		t.Error(err)
	}
}

func TestCloseStopsRunningJobs(t *testing.T) {
	c := newCompiler(t, nil)
	w := newWaiting()
	ended := make(chan error, 1)
	go func() { _, err := c.Compile(t.Context(), "app", w); ended <- err }()
	<-w.asked
	c.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Compile(t.Context(), "app", w.files); !errs.Is(err, errs.Unavailable) {
		t.Error(err)
	}
	if list := children(t); len(list) > 0 {
		t.Errorf("processes still running: %v", list)
	}
}

// children returns the child processes of this one; none if the system does not tell.
func children(t *testing.T) (list []string) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		list = append(list, strings.Fields(string(text))...)
	}
	return list
}
