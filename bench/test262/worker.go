package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/web"
)

const (
	memory     = 256 << 20
	stack      = 512 << 10
	scriptTime = 5 * time.Second
)

// worker runs tests, and keeps the bytecode of what is loaded before them.
type worker struct {
	folder string
	loaded map[string][]byte // bytecode by path; nil if the engine does not compile it
}

// work runs tests from standard input, and writes a result for each.
func work(folder string) error {
	w := &worker{folder: folder, loaded: map[string][]byte{}}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var j job
		if err := in.Decode(&j); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		result := passed
		if err := w.run(j); err != nil {
			result = strings.ToValidUTF8(strings.ReplaceAll(err.Error(), "\n", " "), "?")
		}
		if err := out.Encode(result); err != nil {
			return err
		}
	}
}

// run runs one test, and returns why it failed.
func (w *worker) run(j job) (err error) {
	text, err := os.ReadFile(filepath.Join(root(w.folder), filepath.FromSlash(j.Path)))
	if err != nil {
		return err
	}
	m, script := parseMeta(string(text)), string(text)
	if j.Strict {
		script = "\"use strict\";\n" + script
	}
	i, err := quickjs.New(memory, stack)
	if err != nil {
		return err
	}
	defer i.Close()
	i.Arm(time.Now().Add(scriptTime))
	r, err := newRealm(i)
	if err != nil {
		return err
	}
	for _, file := range w.before(j.Path, m) {
		if err := w.load(r, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := r.own262(); err != nil {
		return err
	}
	return verdict(m, r.run(script))
}

// before returns the files that a test needs: those of a checkout, or the shell.js of each folder above it.
func (w *worker) before(path string, m meta) (files []string) {
	if slices.Contains(m.flags, "raw") {
		return nil
	}
	if harness := filepath.Join(w.folder, "harness"); exists(filepath.Join(harness, "assert.js")) && root(w.folder) != w.folder {
		names := []string{"assert.js", "sta.js", "doneprintHandle.js"}
		for _, name := range append(names, m.includes...) {
			files = append(files, filepath.Join(harness, name))
		}
		return files
	}
	dir := w.folder
	for _, part := range append([]string{""}, strings.Split(filepath.Dir(path), string(filepath.Separator))...) {
		dir = filepath.Join(dir, part)
		files = append(files, filepath.Join(dir, "shell.js"))
	}
	return files
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// load runs a file of the harness. One that the engine cannot compile is left out: most tests of its folder do without.
func (w *worker) load(r *realm, file string) error {
	code, ok := w.loaded[file]
	if !ok {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if code, err = r.Compile(string(text), filepath.Base(file), false); err != nil {
			code = nil
		}
		w.loaded[file] = code
	}
	if code == nil {
		return nil
	}
	v, err := r.Run(code)
	r.Free(v)
	return err
}

// realm is a realm with what test262 expects of its host.
type realm struct {
	*quickjs.Realm
	done   bool
	failed string // why, when it is done
}

// own262 sets $262 again: that of SpiderMonkey's shell.js makes realms from the source of its functions, which bytecode has not.
func (r *realm) own262() error {
	v, err := r.evaluate("globalThis.$262 = host262; 0")
	r.Free(v)
	return err
}

// hostScript makes the functions of the host.
const hostScript = `(evaluateHere, newGlobalHere, report) => {
	const evaluate = (text) => {
		const r = evaluateHere(text);
		if ("name" in r) throw new globalThis[r.name](r.message);
		return r.value;
	};
	const detachArrayBuffer = (b) => { b.transfer(); };
	const gc = () => {}, newGlobal = () => newGlobalHere();
	const done = (e) => report(e === undefined ? "" : String(e));
	const values = { evaluate, newGlobal, detachArrayBuffer, gc, clearKeptObjects: gc, createIsHTMLDDA: () => () => null, print: (text) => {
		if (text === "Test262:AsyncTestComplete") done();
		else if (String(text).startsWith("Test262:AsyncTestFailure")) done(text);
	}, reportCompare: () => done(), reportFailure: (e) => done(e ?? "failed"),
	host262: { evalScript: evaluate, createRealm: () => newGlobal().host262, detachArrayBuffer, gc, global: globalThis, AbstractModuleSource: undefined } };
	for (const [name, value] of Object.entries(values)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
	globalThis.$262 = host262;
}`

// newRealm makes a realm of the isolate, with the host's functions and the Atomics that functions have.
func newRealm(i *quickjs.Isolate) (*realm, error) {
	r := &realm{}
	var err error
	if r.Realm, err = i.NewRealm(); err != nil {
		return nil, err
	}
	host, err := r.evaluate(hostScript)
	if err != nil {
		return nil, err
	}
	newGlobal := func([]quickjs.Value) (quickjs.Value, error) {
		other, err := newRealm(i)
		if err != nil {
			return quickjs.Undefined(), err
		}
		return other.evaluate("globalThis")
	}
	report := func(args []quickjs.Value) (quickjs.Value, error) {
		if text, _ := r.Text(args[0]); !r.done || text != "" {
			r.done, r.failed = true, text
		}
		return quickjs.Undefined(), nil
	}
	v, err := r.Call(host, r.NewFunction("evaluate", r.script), r.NewFunction("newGlobal", newGlobal), r.NewFunction("report", report))
	r.Free(v)
	if err == nil {
		err = r.addAtomics()
	}
	return r, err
}

// addAtomics gives the realm the product's own Atomics if the engine has none.
func (r *realm) addAtomics() error {
	read := web.Parts()["atomics"]
	if read == nil { // a build in which the engine has them
		return nil
	}
	text, err := read()
	if err != nil {
		return err
	}
	global, err := r.evaluate("globalThis")
	if err != nil {
		return err
	}
	defer r.Free(global)
	if has := r.Get(global, "Atomics"); !quickjs.IsUndefined(has) {
		r.Free(has)
		return nil
	}
	part, err := r.evaluate(string(text))
	if err != nil {
		return err
	}
	defer r.Free(part)
	r.Set(global, "Atomics", r.Get(part, "Atomics"))
	v, err := r.evaluate(`Object.defineProperty(globalThis, "Atomics", { enumerable: false }); 0`)
	r.Free(v)
	return err
}

func (r *realm) evaluate(text string) (quickjs.Value, error) {
	code, err := r.Compile(text, "test.js", false)
	if err != nil {
		return quickjs.Undefined(), err
	}
	return r.Run(code)
}

// script runs a script for the script, and returns its value, or the name and the message of its error.
func (r *realm) script(args []quickjs.Value) (quickjs.Value, error) {
	text, _ := r.Text(args[0])
	v, err := r.evaluate(text)
	result := r.NewObject()
	if err == nil {
		r.Set(result, "value", v)
		return result, nil
	}
	name, message, _ := strings.Cut(strings.TrimPrefix(err.Error(), "thrown: "), ": ")
	r.Set(result, "name", r.NewString(name))
	r.Set(result, "message", r.NewString(message))
	return result, nil
}

// run runs a test with all that follows from it, and returns how it failed.
func (r *realm) run(script string) error {
	v, err := r.evaluate(script)
	r.Free(v)
	if err != nil {
		return err
	}
	if err := r.RunJobs(); err != nil {
		return err
	}
	if r.failed != "" {
		return errors.New(r.failed)
	}
	if !r.done {
		return errNotDone
	}
	return nil
}

var errNotDone = errors.New("the test did not report its end")

// verdict is what remains of how a test ended when it is compared with how it should end.
func verdict(m meta, err error) error {
	if m.negative == "" {
		if errors.Is(err, errNotDone) && !slices.Contains(m.flags, "async") {
			return nil
		}
		return err
	}
	if err == nil || errors.Is(err, errNotDone) {
		return fmt.Errorf("it ended without a %s", m.negative)
	}
	if text := strings.TrimPrefix(err.Error(), "thrown: "); text != m.negative && !strings.HasPrefix(text, m.negative+":") {
		return fmt.Errorf("it must end with a %s: %w", m.negative, err)
	}
	return nil
}
