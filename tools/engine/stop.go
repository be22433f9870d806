package main

import (
	"errors"
	"fmt"
	"slices"
)

// stopName is the exported global that stops the engine.
const stopName = "stop"

// dispatchTargets is how many targets a jump table has at least in the dispatch loop of the interpreter.
const dispatchTargets = 200

// addStop adds a mutable global, exported as stopName, and a check of it to the start of every loop: when it is not
// zero, the code traps. So whatever the engine does ends soon after the global is set. The dispatch loop of the
// interpreter is left out: it is the hottest loop there is, and calls the interrupt handler by itself.
func addStop(module []byte) ([]byte, error) {
	list, err := parse(module)
	if err != nil {
		return nil, err
	}
	// Debug names only make the module larger.
	list = slices.DeleteFunc(list, func(s section) bool { return s.id == sectionCustom })
	find := func(id byte) (*section, error) {
		i := slices.IndexFunc(list, func(s section) bool { return s.id == id })
		if i < 0 {
			return nil, fmt.Errorf("the module has no section %d", id)
		}
		return &list[i], nil
	}
	globals, err1 := find(sectionGlobal)
	exports, err2 := find(sectionExport)
	code, err3 := find(sectionCode)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	imported, err := importedGlobals(list)
	if err != nil {
		return nil, err
	}
	var index uint32
	if globals.body, index, err = appendEntry(globals.body, []byte{typeI32, mutable, opI32Const, 0, opEnd}); err != nil {
		return nil, err
	}
	index += imported
	entry := appendU32(append(appendBytes(nil, []byte(stopName)), kindGlobal), index)
	if exports.body, _, err = appendEntry(exports.body, entry); err != nil {
		return nil, err
	}
	if code.body, err = checkLoops(code.body, index); err != nil {
		return nil, err
	}
	return assemble(list), nil
}

// appendEntry appends an entry to the vector that a section is, and returns its index.
func appendEntry(vector, entry []byte) (longer []byte, index uint32, err error) {
	r := &reader{b: vector}
	n := r.u32()
	longer = append(appendU32(nil, n+1), r.b...)
	return append(longer, entry...), n, r.err
}

// importedGlobals counts the globals that the module imports: they come first in the numbering.
func importedGlobals(list []section) (n uint32, err error) {
	for _, s := range list {
		if s.id != sectionImport {
			continue
		}
		r := &reader{b: s.body}
		for range r.u32() {
			r.bytes(r.u32())
			r.bytes(r.u32())
			switch kind := r.byte(); kind {
			case 0: // a function
				r.u32()
			case 1: // a table
				r.byte()
				r.limits()
			case 2: // a memory
				r.limits()
			case kindGlobal:
				r.bytes(2)
				n++
			default:
				return 0, fmt.Errorf("an import of unknown kind %d", kind)
			}
			if r.err != nil {
				return 0, r.err
			}
		}
	}
	return n, nil
}

func (r *reader) limits() {
	if flags := r.byte(); flags&1 != 0 {
		r.u32()
	}
	r.u32()
}

// checkLoops adds the check to the loops of every function.
func checkLoops(code []byte, global uint32) ([]byte, error) {
	r := &reader{b: code}
	n := r.u32()
	out := appendU32(nil, n)
	for i := range n {
		body := r.bytes(r.u32())
		if r.err != nil {
			return nil, r.err
		}
		loops, err := findLoops(body)
		if err != nil {
			return nil, fmt.Errorf("function %d of the code section: %w", i, err)
		}
		out = appendBytes(out, insertChecks(body, loops, global))
	}
	if len(r.b) > 0 {
		return nil, errors.New("the code section is longer than its functions")
	}
	return out, nil
}

// insertChecks adds the check at each offset.
func insertChecks(body []byte, offsets []int, global uint32) []byte {
	check := appendU32([]byte{opGlobalGet}, global)
	check = append(check, opIf, blockVoid, opUnreachable, opEnd)
	out := make([]byte, 0, len(body)+len(offsets)*len(check))
	from := 0
	for _, at := range offsets {
		out = append(append(out, body[from:at]...), check...)
		from = at
	}
	return append(out, body[from:]...)
}

// findLoops returns the offsets in a function's body at which its loops start, except for dispatch loops.
func findLoops(body []byte) ([]int, error) {
	r := &reader{b: body}
	for range r.u32() { // the local variables: how many, and of which type
		r.u32()
		r.byte()
	}
	const noLoop = -1
	open := []int{noLoop} // where the blocks start that are open; the body is one
	var found []int
	dispatch := map[int]bool{}
	for len(open) > 0 && r.err == nil {
		op := r.byte()
		targets := r.operands(op)
		at := len(body) - len(r.b)
		switch op {
		case opBlock, opIf:
			open = append(open, noLoop)
		case opLoop:
			open = append(open, at)
			found = append(found, at)
		case opEnd:
			open = open[:len(open)-1]
		}
		if targets >= dispatchTargets {
			for i := len(open) - 1; i >= 0; i-- {
				if open[i] != noLoop {
					dispatch[open[i]] = true
					break
				}
			}
		}
	}
	if r.err == nil && len(r.b) > 0 {
		r.err = errors.New("bytes after the end")
	}
	return slices.DeleteFunc(found, func(at int) bool { return dispatch[at] }), r.err
}

// operands reads what follows an opcode. For a jump table it returns how many targets that has.
func (r *reader) operands(op byte) (targets uint32) {
	switch {
	case op == opBlock || op == opLoop || op == opIf:
		r.skip(5) // the type of the block
	case op == 0x0e: // br_table
		targets = r.u32()
		for range targets {
			r.u32()
			if r.err != nil {
				return 0
			}
		}
		r.u32()
		return targets
	case op == 0x0c || op == 0x0d || op == 0x10 || op == 0x12: // br, br_if, call, return_call
		r.u32()
	case op == 0x11 || op == 0x13: // call_indirect, return_call_indirect
		r.u32()
		r.u32()
	case op == 0x1c: // select with types
		r.bytes(r.u32())
	case op >= 0x20 && op <= 0x26: // local, global, table
		r.u32()
	case op >= 0x28 && op <= 0x3e: // load, store
		r.memoryArgument()
	case op == 0x3f || op == 0x40: // memory.size, memory.grow
		r.byte()
	case op == opI32Const:
		r.skip(5)
	case op == 0x42: // i64.const
		r.skip(10)
	case op == 0x43: // f32.const
		r.bytes(4)
	case op == 0x44: // f64.const
		r.bytes(8)
	case op == 0xd0: // ref.null
		r.byte()
	case op == 0xd2: // ref.func
		r.u32()
	case op == 0xfc:
		r.prefixed()
	case op <= 0x01 || op == 0x05 || op == opEnd || op == 0x0f || op == 0x1a || op == 0x1b ||
		op >= 0x45 && op <= 0xc4 || op == 0xd1:
	default: // vectors and atomics, which wasm2go does not translate either way
		if r.err == nil {
			r.err = fmt.Errorf("unknown instruction %#x", op)
		}
	}
	return 0
}

func (r *reader) memoryArgument() {
	r.u32()
	r.skip(10)
}

// prefixed reads the rest of an instruction that begins with 0xfc.
func (r *reader) prefixed() {
	switch op := r.u32(); {
	case op <= 7: // saturating conversions
	case op == 8: // memory.init
		r.u32()
		r.byte()
	case op == 9 || op == 13: // data.drop, elem.drop
		r.u32()
	case op == 10: // memory.copy
		r.bytes(2)
	case op == 11: // memory.fill
		r.byte()
	case op == 12 || op == 14: // table.init, table.copy
		r.u32()
		r.u32()
	case op >= 15 && op <= 17: // table.grow, table.size, table.fill
		r.u32()
	default:
		if r.err == nil {
			r.err = fmt.Errorf("unknown instruction 0xfc %d", op)
		}
	}
}
