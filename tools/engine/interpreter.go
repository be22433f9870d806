package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var setDumpFlags = regexp.MustCompile(`func \(m \*Module\) XJS_SetDumpFlags\(.*\n(?:\t.*\n)*?.*\+(\d+)\]\)\) = uint16\(`)

// traced is an instruction's test whether it should be printed; %s stands for the offset of the flags.
const traced = `\n\t+(t\d+) := int32\(\*\(\*uint32\)\(unsafe\.Pointer\(&mem\[uint32\((?:v\d+|v\d+\+i32\(8\))\)\]\)\)\)` +
	`\n\t+(t\d+) := int32\(mem\[uint64\(uint32\((t\d+)\)\)\+%s\]\)` +
	`\n\t+if (t\d+)&i32\(128\) != 0 \{\n\t+m\.(fn\d+)\(.*\)\n(?:\t+mem = m\.memory\n)?\t+\}`

// leastTraced is how many instructions of the interpreter have a trace at least.
const leastTraced = 200

// dropTracing removes the test after each instruction of the interpreter whether the engine should print it, which costs
// as much as a simple instruction. JS_SetDumpFlags, which nobody calls, would turn that on.
func dropTracing(code []byte) ([]byte, error) {
	flags := setDumpFlags.FindSubmatch(code)
	if flags == nil {
		return nil, fmt.Errorf("the generated code has no JS_SetDumpFlags as it was")
	}
	find := regexp.MustCompile(fmt.Sprintf(traced, flags[1]))
	n, printer := 0, ""
	var wrong error
	code = find.ReplaceAllFunc(code, func(text []byte) []byte {
		m := find.FindSubmatch(text)
		runtime, read, from, tested, calls := string(m[1]), string(m[2]), string(m[3]), string(m[4]), string(m[5])
		if runtime != from || read != tested {
			return text
		}
		if printer == "" {
			printer = calls
		}
		if calls != printer {
			wrong = fmt.Errorf("instructions are printed by %s and by %s", printer, calls)
		}
		n++
		return nil
	})
	if wrong == nil && n < leastTraced {
		wrong = fmt.Errorf("only %d instructions have a trace", n)
	}
	return code, wrong
}

// dispatch is the switch of the interpreter. Its subject is not the instruction, but its entry in a table in the memory.
var dispatch = regexp.MustCompile(`\n(\t+)(t\d+) := int32\(\*\(\*uint32\)\(unsafe\.Pointer\(&mem\[uint64\(uint32\((v\d+)<<2\)\)\+(\d+)\]\)\)\)\n\t+switch (t\d+) - i32\((\d+)\) \{\n`)

const (
	opcodes   = 256
	dataStart = 1 << 20 // address of the first byte of the data
)

// dispatchByOpcode makes the interpreter choose what to do by the instruction itself, which is a byte. That saves a load from
// the memory before each jump. The table is constant.
func dispatchByOpcode(code, data []byte) ([]byte, error) {
	for _, at := range dispatch.FindAllSubmatchIndex(code, -1) {
		text := func(group int) string { return string(code[at[2*group]:at[2*group+1]]) }
		indent, subject := text(1), text(3)
		end := bytes.Index(code[at[1]:], []byte("\n"+indent+"}\n"))
		if end < 0 || text(2) != text(5) {
			continue
		}
		labels := regexp.MustCompile(`(?m)^` + indent + `case ([0-9, ]+):$`)
		body := code[at[1] : at[1]+end]
		if len(labels.FindAll(body, dispatchTargets)) < dispatchTargets {
			continue
		}
		table, err1 := strconv.Atoi(text(4))
		first, err2 := strconv.Atoi(text(6))
		if table -= dataStart; err1 != nil || err2 != nil || table < 0 || table+4*opcodes > len(data) {
			return nil, fmt.Errorf("the table of the interpreter is not in the data, at %s", text(4))
		}
		targets := map[int][]string{}
		for op := range opcodes {
			target := int(binary.LittleEndian.Uint32(data[table+4*op:])) - first
			targets[target] = append(targets[target], strconv.Itoa(op))
		}
		var wrong error
		body = labels.ReplaceAllFunc(body, func(label []byte) []byte {
			var ops []string
			for _, n := range strings.Split(string(labels.FindSubmatch(label)[1]), ", ") {
				target, err := strconv.Atoi(n)
				if err != nil {
					wrong = err
				}
				ops = append(ops, targets[target]...)
			}
			if len(ops) == 0 {
				wrong = fmt.Errorf("no instruction leads to %s", label)
			}
			return []byte(indent + "case " + strings.Join(ops, ", ") + ":")
		})
		out := append(bytes.Clone(code[:at[0]]), fmt.Sprintf("\n%sswitch %s {\n", indent, subject)...)
		out = append(append(out, body...), code[at[1]+end:]...)
		return out, wrong
	}
	return nil, fmt.Errorf("the generated code has no interpreter")
}
