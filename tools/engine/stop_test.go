package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// function is a body without local variables.
func function(code ...byte) []byte { return append([]byte{0}, append(code, opEnd)...) }

// testModule has one function for each body, and a global and an export of its own.
func testModule(bodies ...[]byte) []byte {
	code := []byte{byte(len(bodies))}
	for _, body := range bodies {
		code = appendBytes(code, body)
	}
	return assemble([]section{
		{id: sectionCustom, body: []byte("\x04name")},
		{id: 1, body: []byte{1, 0x60, 0, 0}},
		{id: sectionImport, body: []byte("\x02\x01m\x01g\x03\x7f\x00\x01m\x01f\x00\x00")}, // a global and a function
		{id: 3, body: append([]byte{byte(len(bodies))}, make([]byte, len(bodies))...)},
		{id: sectionGlobal, body: []byte{1, typeI32, 0, opI32Const, 7, opEnd}},
		{id: sectionExport, body: []byte("\x01\x01f\x00\x01")},
		{id: sectionCode, body: code},
	})
}

// check is what is added to a loop of a test module: its new global has the number 2.
var check = []byte{opGlobalGet, 2, opIf, blockVoid, opUnreachable, opEnd}

func with(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestEveryLoopChecksTheStopFlagFirst(t *testing.T) {
	loop := []byte{opLoop, blockVoid}
	for _, test := range []struct {
		name         string
		before, want []byte
	}{
		{"none", function(opBlock, blockVoid, opEnd), function(opBlock, blockVoid, opEnd)},
		{"one", function(with(loop, []byte{0x0c, 0, opEnd})...), function(with(loop, check, []byte{0x0c, 0, opEnd})...)},
		{"nested", function(with(loop, loop, []byte{opEnd, opEnd})...), function(with(loop, check, loop, check, []byte{opEnd, opEnd})...)},
		{"after constants that look like one",
			function(with([]byte{opI32Const, opLoop, 0x1a, 0x44, 3, 3, 3, 3, 3, 3, 3, 3, 0x1a, 0x28, 3, 3, 0x1a}, loop, []byte{opEnd})...),
			function(with([]byte{opI32Const, opLoop, 0x1a, 0x44, 3, 3, 3, 3, 3, 3, 3, 3, 0x1a, 0x28, 3, 3, 0x1a}, loop, check, []byte{opEnd})...)},
		{"after instructions of two bytes",
			function(with([]byte{0xfc, 10, 0, 0, 0xfc, 11, 0, 0xfc, 8, 3, 0, 0xfc, 9, 3}, loop, []byte{opEnd})...),
			function(with([]byte{0xfc, 10, 0, 0, 0xfc, 11, 0, 0xfc, 8, 3, 0, 0xfc, 9, 3}, loop, check, []byte{opEnd})...)},
		{"with a small jump table",
			function(with(loop, []byte{0x0e, 2, 0, 0, 0, opEnd})...),
			function(with(loop, check, []byte{0x0e, 2, 0, 0, 0, opEnd})...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := addStop(testModule(test.before))
			if err != nil {
				t.Fatal(err)
			}
			list, err := parse(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(appendBytes([]byte{1}, test.want), list[len(list)-1].body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The loop with the jump table of the interpreter is the only one that is left out: not the loops around it, nor in it.
func TestTheDispatchLoopIsLeftOut(t *testing.T) {
	table := append([]byte{0x0e, 0xc8, 1}, make([]byte, dispatchTargets+1)...)
	loop := []byte{opLoop, blockVoid}
	end := []byte{opEnd}
	before := function(with(loop, loop, []byte{opBlock, blockVoid}, table, end, loop, end, end, end)...)
	want := function(with(loop, check, loop, []byte{opBlock, blockVoid}, table, end, loop, check, end, end, end)...)
	got, err := addStop(testModule(before))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestTheStopFlagIsAnExportedGlobalThatCanBeSet(t *testing.T) {
	got, err := addStop(testModule(function()))
	if err != nil {
		t.Fatal(err)
	}
	list, err := parse(got)
	if err != nil {
		t.Fatal(err)
	}
	want := map[byte][]byte{
		sectionGlobal: {2, typeI32, 0, opI32Const, 7, opEnd, typeI32, mutable, opI32Const, 0, opEnd},
		sectionExport: []byte("\x02\x01f\x00\x01\x04stop\x03\x02"),
	}
	for _, s := range list {
		if s.id == sectionCustom {
			t.Error("a custom section is left")
		}
		if w := want[s.id]; w != nil && !bytes.Equal(w, s.body) {
			t.Errorf("section %d is %x, not %x", s.id, s.body, w)
		}
	}
}

func TestAModuleThatCannotBeReadIsRefused(t *testing.T) {
	good := testModule(function(opLoop, blockVoid, opEnd))
	for name, module := range map[string][]byte{
		"nothing":             nil,
		"another version":     []byte("\x00asm\x02\x00\x00\x00"),
		"a part":              good[:len(good)-2],
		"a vector operation":  testModule(function(0xfd, 0)),
		"an atomic operation": testModule(function(0xfe, 0, 2, 0)),
		"an unknown one":      testModule(function(0xfc, 99)),
		"bytes after the end": testModule(append(function(), opEnd)),
		"no end":              testModule([]byte{0, opLoop, blockVoid}),
		"no code":             assemble([]section{{id: sectionGlobal, body: []byte{0}}, {id: sectionExport, body: []byte{0}}}),
	} {
		if _, err := addStop(module); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// The module of the package is read whole: it is not a small one that happens to have only what is handled.
func TestTheEngineCanBeRewritten(t *testing.T) {
	text, err := os.ReadFile("../../" + module)
	if err != nil {
		t.Skip("the npm package is not installed; `make web` does that")
	}
	got, err := addStop(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := addStop(text)
	if err != nil || !bytes.Equal(got, again) {
		t.Error("it is not the same twice", err)
	}
	if list, err := parse(got); err != nil || len(list) < 8 {
		t.Errorf("%d sections: %v", len(list), err)
	}
}

func TestArgumentsOfACallAreSplitWhereTheyEnd(t *testing.T) {
	args, rest, err := arguments([]byte("mem, uint64(uint32(f(a, b)[c, d]))+8, x) + y"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mem", "uint64(uint32(f(a, b)[c, d]))+8", "x"}, args); diff != "" || string(rest) != " + y" {
		t.Error(diff, string(rest))
	}
	if _, _, err := arguments([]byte("a, (b)")); err == nil {
		t.Error("a call without an end was accepted")
	}
}

func FuzzAddStop(f *testing.F) {
	f.Add(testModule(function(opLoop, blockVoid, opEnd)))
	f.Add(testModule(function(0x0e, 2, 0, 0, 0), function(0xfc, 10, 0, 0)))
	f.Fuzz(func(t *testing.T, module []byte) {
		out, err := addStop(module)
		if err != nil {
			return
		}
		if _, err := parse(out); err != nil {
			t.Error(err)
		}
	})
}
