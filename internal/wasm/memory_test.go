package wasm_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"fazt/internal/wasm"
)

// section makes a section of the binary format: a list.
func section(id byte, items ...[]byte) []byte {
	content := binary.AppendUvarint(nil, uint64(len(items)))
	content = append(content, bytes.Join(items, nil)...)
	return append(binary.AppendUvarint([]byte{id}, uint64(len(content))), content...)
}

// vector is a list of bytes with its length before it.
func vector(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func binaryModule(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(sections, nil)...)
}

// A call of two bytes pushes a thousand operands: validating a module must end before that fills the memory of the process. The
// code is not reached, so that no instruction is charged.
func TestOperandsAreBoundedWhileCodeIsValidated(t *testing.T) {
	thousand := bytes.Repeat([]byte{byte(wasm.I32)}, 1000)
	body := append([]byte{0, 0x00}, bytes.Repeat([]byte{0x10, 0}, 2_000)...) // no locals, unreachable, call 0 …
	body = append(body, 0xff)                                                // no instruction: to be found only if all calls are accepted
	data := binaryModule(
		section(1, append([]byte{0x60, 0}, vector(thousand)...)),
		section(3, []byte{0}),
		section(10, vector(body)),
	)
	_, err := wasm.Decode(data, free)
	if err == nil || !strings.Contains(err.Error(), "needs more than 60000 registers") {
		t.Errorf("%v", err)
	}
}

// Blocks in blocks are charged, as each takes many times its two bytes.
func TestNestedBlocksAreCharged(t *testing.T) {
	const depth = 50_000
	body := append([]byte{0}, bytes.Repeat([]byte{0x02, 0x40}, depth)...)
	body = append(body, bytes.Repeat([]byte{0x0b}, depth+1)...)
	data := binaryModule(section(1, []byte{0x60, 0, 0}), section(3, []byte{0}), section(10, vector(body)))
	spent := 0
	if _, err := wasm.Decode(data, func(n int) bool { spent += n; return true }); err != nil {
		t.Fatal(err)
	}
	if spent < 100*depth {
		t.Errorf("%d bytes are charged", spent)
	}
}

// The machine keeps the types of all instances that there have been: they count until it ends.
func TestTypesAreChargedToTheHost(t *testing.T) {
	h := &host{most: 256 << 10}
	machine := wasm.NewMachine(h)
	for i := range 10_000 {
		params := bytes.Repeat([]byte{byte(wasm.I32)}, 1000)
		for bit := range 16 {
			if i>>bit&1 == 1 {
				params[bit] = byte(wasm.I64)
			}
		}
		m, err := wasm.Decode(binaryModule(section(1, append(append([]byte{0x60}, vector(params)...), 0))), free)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = machine.Instantiate(m, nil, newMemory, free); errors.Is(err, wasm.ErrMemory) {
			if machine.NewFunc(&wasm.FuncType{Params: m.Types[0].Params}, nil) != nil {
				t.Error("there is a function of a type that there was no memory for")
			}
			return
		}
	}
	t.Error("10,000 types of 1,000 parameters fit into 256 KiB")
}
