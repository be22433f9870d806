package wasm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fazt/internal/wasm"
)

// host lets everything go on.
type host struct {
	ticks int
	limit int // ticks after which it ends the execution; 0 = none
	bytes int
	most  int // bytes that may be spent; 0 = all
}

var errStopped = errors.New("stopped")

func (h *host) Tick() error {
	if h.ticks++; h.limit > 0 && h.ticks > h.limit {
		return errStopped
	}
	return nil
}

func (h *host) Spend(n int) bool {
	h.bytes += n
	return h.most == 0 || h.bytes <= h.most
}

func free(int) bool { return true }

func newMemory(t wasm.Limits) *wasm.Memory {
	m := &wasm.Memory{Type: t}
	m.Resize = func(n int) bool {
		if n > 1<<30 {
			return false
		}
		m.Bytes = append(m.Bytes, make([]byte, n-len(m.Bytes))...)
		return true
	}
	m.Resize(int(t.Min) * wasm.PageSize)
	return m
}

// The specification's own tests, as wast2json of WABT writes them, in the folder FAZT_WASM_SPEC.
func TestTheSpecification(t *testing.T) {
	dir := os.Getenv("FAZT_WASM_SPEC")
	if dir == "" {
		t.Skip("FAZT_WASM_SPEC names no folder with the tests of the specification")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) == 0 {
		t.Fatal("there are no tests in FAZT_WASM_SPEC")
	}
	total := 0
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			s := &spec{t: t, dir: dir, machine: wasm.NewMachine(&host{}), named: map[string]*instance{}, registered: map[string]map[string]any{}}
			s.registered["spectest"] = s.spectest()
			s.run(name)
			total += s.done
		})
	}
	t.Logf("%d assertions", total)
}

type instance struct {
	*wasm.Instance
	exports map[string]any
}

type spec struct {
	t          *testing.T
	dir        string
	machine    *wasm.Machine
	last       *instance
	named      map[string]*instance
	registered map[string]map[string]any
	done       int
}

type command struct {
	Type, Filename, Name, As, Text string
	ModuleType                     string `json:"module_type"`
	Line                           int
	Action                         action
	Expected                       []value
}

type action struct {
	Type, Field, Module string
	Args                []value
}

type value struct {
	Type  string
	Value json.RawMessage
}

func (s *spec) spectest() map[string]any {
	all := map[string]any{}
	I32, I64, F32, F64 := wasm.I32, wasm.I64, wasm.F32, wasm.F64
	for name, params := range map[string][]wasm.ValueType{"print": nil, "print_i32": {I32}, "print_i64": {I64}, "print_f32": {F32}, "print_f64": {F64}, "print_i32_f32": {I32, F32}, "print_f64_f64": {F64, F64}} {
		all[name] = s.machine.NewFunc(&wasm.FuncType{Params: params}, func([]uint64) ([]uint64, error) { return nil, nil })
	}
	all["global_i32"] = &wasm.Global{Type: wasm.GlobalType{Value: I32}, Value: 666}
	all["global_i64"] = &wasm.Global{Type: wasm.GlobalType{Value: I64}, Value: 666}
	all["global_f32"] = &wasm.Global{Type: wasm.GlobalType{Value: F32}, Value: uint64(math.Float32bits(666.6))}
	all["global_f64"] = &wasm.Global{Type: wasm.GlobalType{Value: F64}, Value: math.Float64bits(666.6)}
	all["table"] = wasm.NewTable(wasm.TableType{Elem: wasm.FuncRef, Limits: wasm.Limits{Min: 10, Max: 20, HasMax: true}}, 0, free)
	all["memory"] = newMemory(wasm.Limits{Min: 1, Max: 2, HasMax: true})
	return all
}

func (s *spec) instantiate(file string) (*instance, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := wasm.Decode(data, free)
	if err != nil {
		return nil, err
	}
	var imports []any
	for _, i := range m.Imports {
		imports = append(imports, s.registered[i.Module][i.Name])
	}
	i, err := s.machine.Instantiate(m, imports, newMemory, free)
	if err == nil {
		err = s.machine.Start(i)
	}
	if i == nil {
		return nil, err
	}
	exports := map[string]any{}
	for _, e := range m.Exports {
		switch e.Kind {
		case wasm.KindFunc:
			exports[e.Name] = i.Func(e.Index)
		case wasm.KindTable:
			exports[e.Name] = i.Table(e.Index)
		case wasm.KindMemory:
			exports[e.Name] = i.Memory()
		case wasm.KindGlobal:
			exports[e.Name] = i.Global(e.Index)
		}
	}
	return &instance{i, exports}, err
}

func (s *spec) run(name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatal(err)
	}
	var file struct{ Commands []command }
	if err := json.Unmarshal(data, &file); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range file.Commands {
		s.command(c)
	}
}

func (s *spec) command(c command) {
	fail := func(format string, args ...any) {
		s.t.Errorf("line %d: %s: "+format, append([]any{c.Line, c.Type}, args...)...)
	}
	s.done++
	switch c.Type {
	case "module":
		i, err := s.instantiate(c.Filename)
		if err != nil {
			fail("%s: %v", c.Filename, err)
			s.last = nil
			return
		}
		s.last = i
		if c.Name != "" {
			s.named[c.Name] = i
		}
	case "register":
		i := s.last
		if c.Name != "" {
			i = s.named[c.Name]
		}
		if i != nil {
			s.registered[c.As] = i.exports
		}
	case "action", "assert_return":
		got, err := s.act(c.Action)
		if err != nil {
			fail("%s: %v", c.Action.Field, err)
			return
		}
		if len(got) != len(c.Expected) {
			fail("%d results", len(got))
			return
		}
		for i, want := range c.Expected {
			if !s.equal(want, got[i]) {
				fail("%s%s: result %d is %#x, not %s", c.Action.Field, c.Action.Args, i, got[i], want)
			}
		}
	case "assert_trap", "assert_exhaustion":
		if _, err := s.act(c.Action); err == nil || !isTrap(err) {
			fail("%s: %v, not %s", c.Action.Field, err, c.Text)
		}
	case "assert_invalid", "assert_malformed":
		if c.ModuleType == "text" {
			return
		}
		if _, err := s.instantiate(c.Filename); !isInvalid(err) {
			fail("%s: %v, not %s", c.Filename, err, c.Text)
		}
	case "assert_unlinkable", "assert_uninstantiable":
		if _, err := s.instantiate(c.Filename); err == nil || isInvalid(err) {
			fail("%s: %v, not %s", c.Filename, err, c.Text)
		}
	default:
		fail("unknown")
	}
}

func isTrap(err error) bool {
	var trap *wasm.Trap
	return errors.As(err, &trap)
}

func isInvalid(err error) bool {
	var invalid *wasm.InvalidError
	return errors.As(err, &invalid)
}

func (s *spec) act(a action) ([]uint64, error) {
	i := s.last
	if a.Module != "" {
		i = s.named[a.Module]
	}
	if i == nil {
		return nil, errors.New("there is no instance")
	}
	switch e := i.exports[a.Field].(type) {
	case *wasm.Func:
		var args []uint64
		for _, v := range a.Args {
			args = append(args, bitsOf(v))
		}
		return s.machine.Call(e, args)
	case *wasm.Global:
		return []uint64{e.Value}, nil
	}
	return nil, fmt.Errorf("there is no export %q", a.Field)
}

func text(v value) string { return strings.Trim(string(v.Value), `"`) }

func bitsOf(v value) uint64 {
	if text(v) == "null" {
		return 0
	}
	n, err := strconv.ParseUint(text(v), 10, 64)
	if err != nil {
		panic(err)
	}
	if v.Type == "externref" {
		n++
	}
	return n
}

func (s *spec) equal(want value, got uint64) bool {
	switch {
	case text(want) == "nan:canonical" && want.Type == "f32":
		return got&0x7fffffff == 0x7fc00000
	case text(want) == "nan:arithmetic" && want.Type == "f32":
		return got>>32 == 0 && got&0x7fc00000 == 0x7fc00000
	case text(want) == "nan:canonical":
		return got&^(1<<63) == 0x7ff8<<48
	case text(want) == "nan:arithmetic":
		return got&(0x7ff8<<48) == 0x7ff8<<48
	case len(want.Value) == 0:
		return got != 0
	}
	return got == bitsOf(want)
}
