package wasm_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fazt/internal/wasm"
)

// start makes an instance of a file of testdata, whose .wat is the source: wat2wasm of WABT made it.
func start(t testing.TB, h *host, name string, imports ...any) (*wasm.Machine, func(name string, args ...uint64) ([]uint64, error)) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wasm.Decode(data, free)
	if err != nil {
		t.Fatal(err)
	}
	machine := wasm.NewMachine(h)
	i, err := machine.Instantiate(m, imports, newMemory, free)
	if err != nil {
		t.Fatal(err)
	}
	return machine, func(name string, args ...uint64) ([]uint64, error) {
		for _, e := range m.Exports {
			if e.Name == name {
				return machine.Call(i.Func(e.Index), args)
			}
		}
		t.Fatalf("there is no export %q", name)
		return nil, nil
	}
}

const minus = math.MaxUint32 + 1 // minus - n is -n as an i32

func TestValuesAreKeptWhileCodeIsCompiled(t *testing.T) {
	_, call := start(t, &host{}, "control.wasm")
	for _, test := range []struct {
		name       string
		args, want []uint64
	}{
		{"old", []uint64{3}, []uint64{93}},
		{"tees", []uint64{4}, []uint64{34}},
		{"branch", []uint64{5, 0}, []uint64{10}},
		{"branch", []uint64{5, 1}, []uint64{105}},
		{"swap", []uint64{1, 2}, []uint64{2, 1}},
		{"twice", []uint64{1, 2}, []uint64{1, 2}},
		{"table", []uint64{0}, []uint64{5}},
		{"table", []uint64{1}, []uint64{305}},
		{"table", []uint64{2}, []uint64{325}},
		{"table", []uint64{3}, []uint64{5}},
		{"table", []uint64{minus - 1}, []uint64{5}},
		{"early", []uint64{1}, []uint64{1}},
		{"early", []uint64{0}, []uint64{4}},
		{"early", []uint64{minus - 4}, []uint64{22}},
		{"sum", []uint64{100}, []uint64{5050}},
		{"pick", []uint64{6}, []uint64{3}},
		{"pick", []uint64{5}, []uint64{5}},
		{"indirect", []uint64{0}, []uint64{1}},
		{"indirect", []uint64{1}, []uint64{2}},
		{"fact", []uint64{20}, []uint64{2432902008176640000}},
		{"deep", []uint64{1000}, []uint64{1000}},
		{"writes", []uint64{5, math.MaxUint64 - 1}, []uint64{math.MaxUint64 - 1}},
		{"reads", []uint64{8}, []uint64{minus - 1}},
		{"grow", []uint64{2}, []uint64{1}},
		{"grow", []uint64{65536}, []uint64{math.MaxUint32}},
		{"sat", []uint64{math.Float64bits(math.NaN())}, []uint64{0}},
		{"sat", []uint64{math.Float64bits(-3e10)}, []uint64{1 << 31}},
		{"sat", []uint64{math.Float64bits(7.9)}, []uint64{7}},
		{"reinterpret", []uint64{uint64(math.Float32bits(1))}, []uint64{0x3f800001}},
	} {
		got, err := call(test.name, test.args...)
		if err != nil {
			t.Errorf("%s%v: %v", test.name, test.args, err)
		} else if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s%v: %s", test.name, test.args, diff)
		}
	}
}

func TestTraps(t *testing.T) {
	_, call := start(t, &host{}, "control.wasm")
	for _, test := range []struct {
		name string
		arg  []uint64
		want string
	}{
		{"unreachable", nil, "unreachable"},
		{"indirect", []uint64{2}, "null function"},
		{"indirect", []uint64{9}, "table index is out of bounds"},
		{"reads", []uint64{65535}, "memory access out of bounds"},
		{"reads", []uint64{math.MaxUint32}, "memory access out of bounds"},
		{"endless", nil, "Maximum call stack size exceeded"},
		{"deep", []uint64{10_000_000}, "Maximum call stack size exceeded"},
	} {
		_, err := call(test.name, test.arg...)
		var trap *wasm.Trap
		if !errors.As(err, &trap) || !strings.Contains(trap.Message, test.want) {
			t.Errorf("%s%v: %v, not %s", test.name, test.arg, err, test.want)
		}
		if got, err := call("sum", 4); err != nil || got[0] != 10 {
			t.Errorf("after %s: %v %v", test.name, got, err)
		}
	}
}

// Every loop asks the host, whatever it is made of.
func TestEndlessLoopsEnd(t *testing.T) {
	for _, name := range []string{"forever", "forever_if", "forever_table", "forever_calls", "grow_forever", "fill_forever"} {
		h := &host{limit: 20}
		_, call := start(t, h, "control.wasm")
		var args []uint64
		if name == "forever_if" {
			args = []uint64{0}
		}
		if _, err := call(name, args...); !errors.Is(err, errStopped) {
			t.Errorf("%s: %v", name, err)
		}
		h.limit = 0
		if got, err := call("sum", 4); err != nil || got[0] != 10 {
			t.Errorf("after %s: %v %v", name, got, err)
		}
	}
}

// body wraps code as the only function of a module, exported as f.
func body(params, results string, code ...byte) []byte {
	sized := func(b []byte) []byte { return append([]byte{byte(len(b))}, b...) }
	section := func(id byte, b ...byte) []byte { return append([]byte{id}, sized(b)...) }
	typ := append([]byte{1, 0x60}, append(sized([]byte(params)), sized([]byte(results))...)...)
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, typ...)...)
	m = append(m, section(3, 1, 0)...)
	m = append(m, section(7, 1, 1, 'f', 0, 0)...)
	return append(m, section(10, append([]byte{1}, sized(append(append([]byte{0}, code...), 0x0b))...)...)...)
}

const (
	i32 = "\x7f"
	i64 = "\x7e"
	f32 = "\x7d"
	f64 = "\x7c"
)

func TestNumbers(t *testing.T) {
	f := func(x float64) uint64 { return math.Float64bits(x) }
	g := func(x float32) uint64 { return uint64(math.Float32bits(x)) }
	const least, trap = 1 << 31, math.MaxUint64 - 99
	for _, test := range []struct {
		op       byte
		in, out  string
		x, y     uint64
		want     uint64
		operands int
	}{
		{0x6d, i32, i32, minus - 7, 2, minus - 3, 2}, {0x6d, i32, i32, least, minus - 1, trap, 2}, {0x6d, i32, i32, 1, 0, trap, 2},
		{0x6e, i32, i32, minus - 2, 2, math.MaxInt32, 2}, {0x6f, i32, i32, least, minus - 1, 0, 2}, {0x6f, i32, i32, minus - 7, 2, minus - 1, 2},
		{0x70, i32, i32, 7, 0, trap, 2}, {0x7f, i64, i64, 1 << 63, math.MaxUint64, trap, 2}, {0x81, i64, i64, 1 << 63, math.MaxUint64, 0, 2},
		{0x80, i64, i64, math.MaxUint64, 10, math.MaxUint64 / 10, 2}, {0x74, i32, i32, 1, 33, 2, 2}, {0x75, i32, i32, least, 31, math.MaxUint32, 2},
		{0x87, i64, i64, 1 << 63, 63, math.MaxUint64, 2}, {0x77, i32, i32, least | 1, 1, 3, 2}, {0x78, i32, i32, 3, 1, least | 1, 2},
		{0x8a, i64, i64, 3, 1, 1<<63 | 1, 2}, {0x48, i32, i32, minus - 1, 1, 1, 2}, {0x49, i32, i32, minus - 1, 1, 0, 2}, {0x4e, i32, i32, 1, 1, 1, 2},
		{0x53, i64, i32, math.MaxUint64, 1, 1, 2}, {0x54, i64, i32, math.MaxUint64, 1, 0, 2}, {0x45, i32, i32, 0, 0, 1, 1}, {0x50, i64, i32, 1 << 40, 0, 0, 1},
		{0x67, i32, i32, 0, 0, 32, 1}, {0x68, i32, i32, 8, 0, 3, 1}, {0x7b, i64, i64, 255, 0, 8, 1},
		{0xa4, f64, f64, f(0), f(math.Copysign(0, -1)), f(math.Copysign(0, -1)), 2}, {0xa5, f64, f64, f(1), f(math.NaN()), 0x7ff8 << 48, 2},
		{0x97, f32, f32, g(2), g(-3), g(2), 2}, {0x92, f32, f32, g(0.1), g(0.2), g(float32(0.1) + float32(0.2)), 2}, {0x94, f32, f32, g(1e30), g(1e30), g(float32(math.Inf(1))), 2},
		{0x9e, f64, f64, f(2.5), 0, f(2), 1}, {0x9d, f64, f64, f(-2.7), 0, f(-2), 1}, {0x98, f32, f32, g(3), g(-1), g(-3), 2}, {0x9a, f64, f64, f(0), 0, 1 << 63, 1},
		{0xaa, f64, i32, f(-2147483648.9), 0, least, 1}, {0xaa, f64, i32, f(2147483648), 0, trap, 1}, {0xab, f64, i32, f(4294967295.9), 0, math.MaxUint32, 1},
		{0xab, f64, i32, f(-1), 0, trap, 1}, {0xb0, f64, i64, f(9223372036854775808), 0, trap, 1}, {0xb1, f64, i64, f(18446744073709549568), 0, 18446744073709549568, 1},
		{0xa8, f32, i32, g(float32(math.NaN())), 0, trap, 1}, {0xba, i64, f64, math.MaxUint64, 0, f(18446744073709551616), 1}, {0xb5, i64, f32, 1<<63 + 1<<39, 0, g(9223372036854775808), 1},
		{0xa7, i64, i32, 1<<40 | 5, 0, 5, 1}, {0xac, i32, i64, minus - 1, 0, math.MaxUint64, 1}, {0xad, i32, i64, minus - 1, 0, math.MaxUint32, 1},
		{0xc0, i32, i32, 0x80, 0, minus - 128, 1}, {0xc4, i64, i64, 1 << 31, 0, 0xffffffff80000000, 1}, {0xb6, f64, f32, f(0.1), 0, g(0.1), 1},
	} {
		code := []byte{0x20, 0}
		params := test.in
		if test.operands == 2 {
			code, params = append(code, 0x20, 1), params+test.in
		}
		m, err := wasm.Decode(body(params, test.out, append(code, test.op)...), free)
		if err != nil {
			t.Fatalf("%#x: %v", test.op, err)
		}
		machine := wasm.NewMachine(&host{})
		i, err := machine.Instantiate(m, nil, newMemory, free)
		if err != nil {
			t.Fatal(err)
		}
		got, err := machine.Call(i.Func(0), []uint64{test.x, test.y}[:test.operands])
		switch {
		case test.want == trap && err == nil:
			t.Errorf("%#x(%#x, %#x) is %#x, not a trap", test.op, test.x, test.y, got)
		case test.want != trap && (err != nil || got[0] != test.want):
			t.Errorf("%#x(%#x, %#x) is %#x, %v, not %#x", test.op, test.x, test.y, got, err, test.want)
		}
	}
}

func TestWhatIsNotAModuleIsRefused(t *testing.T) {
	good := body(i32, i32, 0x20, 0)
	if _, err := wasm.Decode(good, free); err != nil {
		t.Fatal(err)
	}
	for want, module := range map[string][]byte{
		"expected the magic word": []byte("\x00asn\x01\x00\x00\x00"),
		"expected version 1":      []byte("\x00asm\x02\x00\x00\x00"),
		"longer than the module":  good[:len(good)-1],
		"an operand is missing":   body("", i32),
		"type mismatch":           body(i64, i32, 0x20, 0),
		"there is no local 1":     body(i32, i32, 0x20, 1),
		"operands are left":       body(i32, "", 0x20, 0),
		"there is no label 1":     body("", "", 0x0c, 1),
		"unknown instruction":     body("", "", 0xff),
		"vectors (SIMD)":          body("", "", 0xfd, 0x0c),
		"atomic instructions":     body("", "", 0xfe, 0x00),
		"else without if":         body("", "", 0x05),
		"there is no memory 0":    body("", i32, 0x3f, 0),
		"more than 50000 locals":  append([]byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x0a\x01\x08\x01"), "\xff\xff\xff\xff\x0f\x7f\x0b"...),
	} {
		_, err := wasm.Decode(module, free)
		var invalid *wasm.InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A module asks for what it needs, at once and when its functions are first called.
func TestMemoryIsAskedFor(t *testing.T) {
	data, err := os.ReadFile("testdata/control.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for most := 100; ; most += 100 {
		h := &host{most: most}
		m, err := wasm.Decode(data, h.Spend)
		if err != nil {
			if !errors.Is(err, wasm.ErrMemory) {
				t.Fatal(err)
			}
			continue
		}
		if h.bytes < len(m.Exports)*8 {
			t.Errorf("%d bytes were asked for", h.bytes)
		}
		before := h.bytes
		h.most = 0
		machine := wasm.NewMachine(h)
		i, err := machine.Instantiate(m, nil, newMemory, h.Spend)
		if err != nil {
			t.Fatal(err)
		}
		if h.bytes == before {
			t.Error("an instance costs nothing")
		}
		h.most = h.bytes
		if _, err := machine.Call(i.Func(2), []uint64{1}); err == nil {
			t.Error("the code of a function costs nothing")
		}
		return
	}
}

// A jump table of many targets in nested blocks does not make much code of a small module.
func TestCodeDoesNotMultiply(t *testing.T) {
	const depth = 2000
	var code []byte
	for range depth {
		code = append(code, 0x02, 0x40)
	}
	for range depth {
		code = append(code, 0x41, 1, 0x0e, 4, 0, 0, 0, 0, 0, 0x0b)
	}
	h := &host{}
	module := long(code)
	if _, err := wasm.Decode(module, h.Spend); err != nil {
		t.Fatal(err)
	}
	if h.bytes > 40*len(module) {
		t.Errorf("%d bytes need %d", len(module), h.bytes)
	}
}

// long is body for code of any length, without parameters and results.
func long(code []byte) []byte {
	leb := func(n int) []byte { return []byte{byte(n&0x7f) | 0x80, byte(n>>7&0x7f) | 0x80, byte(n >> 14)} }
	b := append([]byte{0}, append(code, 0x0b)...)
	b = append([]byte{1}, append(leb(len(b)), b...)...)
	m := append([]byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x05\x01\x01f\x00\x00\x0a"), leb(len(b))...)
	return append(m, b...)
}

func FuzzModule(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.wasm")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h := &host{limit: 200, most: 64 << 20}
		m, err := wasm.Decode(data, h.Spend)
		if err != nil {
			return
		}
		machine := wasm.NewMachine(h)
		var imports []any
		for _, i := range m.Imports {
			imports = append(imports, importOf(machine, m, i))
		}
		small := func(l wasm.Limits) *wasm.Memory {
			if l.Min > 16 {
				return nil
			}
			mem := newMemory(l)
			grow := mem.Resize
			mem.Resize = func(n int) bool { return n <= 32<<16 && grow(n) }
			return mem
		}
		i, err := machine.Instantiate(m, imports, small, h.Spend)
		if err != nil {
			return
		}
		_ = machine.Start(i)
		for _, e := range m.Exports {
			if e.Kind == wasm.KindFunc {
				h.ticks = 0
				_, _ = machine.Call(i.Func(e.Index), make([]uint64, len(m.FuncTypeOf(e.Index).Params)))
			}
		}
	})
}

// importOf makes something that suits an import.
func importOf(machine *wasm.Machine, m *wasm.Module, i wasm.Import) any {
	switch i.Kind {
	case wasm.KindFunc:
		n := len(m.Types[i.Func].Results)
		return machine.NewFunc(&m.Types[i.Func], func([]uint64) ([]uint64, error) { return make([]uint64, n), nil })
	case wasm.KindTable:
		if i.Table.Min > 1000 {
			return nil
		}
		return wasm.NewTable(i.Table, 0, free)
	case wasm.KindMemory:
		if i.Memory.Min > 16 {
			return nil
		}
		return newMemory(wasm.Limits{Min: i.Memory.Min, Max: max(i.Memory.Min, min(i.Memory.Max, 32)), HasMax: true})
	}
	return &wasm.Global{Type: i.Global}
}
