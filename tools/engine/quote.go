package main

import (
	"bytes"
	"fmt"
	"regexp"
)

// quote is the part of the function that writes a string as JSON: its loop over the characters of a string, and how it appends
// the six bytes of an escape.
var quote = regexp.MustCompile(`\n(\t+)(t\d+) := int32\(\*\(\*uint32\)\(unsafe\.Pointer\(&m\.memory\[uint32\((v\d+)\)\]\)\)\)` +
	`\n\t+if t\d+&i32\(0x7fffffff\) > (v\d+) \{\n(?:\t+\{\n)+\t+t\d+ := m\.(fn\d+)\(v\d+, (v\d+\+i32\(\d+\))\)\n\t+v\d+ = t\d+\n\t+switch v\d+ - i32\(8\) \{` +
	`(?:\n\t.*)*?\n\t+t\d+ := m\.(fn\d+)\((v\d+\+i32\(\d+\)), v\d+, i32\(6\)\)\n\t+if t\d+ != 0 \{\n\t+goto (l\d+)\n`)

// copyRuns makes JSON.stringify append the characters of a string that need no escape together, by quote.go of the same
// package, instead of one at a time.
func copyRuns(code []byte) ([]byte, error) {
	found := quote.FindAllSubmatchIndex(code, -1)
	if len(found) != 1 {
		return nil, fmt.Errorf("the generated code has %d functions that look like the one that writes strings as JSON", len(found))
	}
	at := found[0]
	text := func(group int) string { return string(code[at[2*group]:at[2*group+1]]) }
	indent, str, index, next, position, write, buffer, failed := text(1), text(3), text(4), text(5), text(6), text(7), text(8), text(9)
	chars := regexp.MustCompile(`func \(m \*Module\) ` + next + `\(v0, v1 int32\) int32 \{\n(?:\t.*\n)*?\tt\d+ := m\.(fn\d+)\(v0\)\n`).FindSubmatch(code)
	if chars == nil {
		return nil, fmt.Errorf("the generated code reads characters of a string otherwise")
	}
	run := fmt.Sprintf("\n%[1]sif m.copyRun(%[2]s, %[3]s, %[4]s) != 0 {\n%[1]s\tgoto %[5]s\n%[1]s}\n%[1]s%[6]s = int32(*(*uint32)(unsafe.Pointer(&m.memory[uint32(%[4]s)])))",
		indent, buffer, str, position, failed, index)
	code = append(append(bytes.Clone(code[:at[0]]), run...), code[at[0]:]...)
	code = rename(code, write, "appendBytes")
	return rename(code, string(chars[1]), "characters"), nil
}

// rename gives a generated function a name that other files of the package can use.
func rename(code []byte, from, to string) []byte {
	code = bytes.ReplaceAll(code, []byte("m."+from+"("), []byte("m."+to+"("))
	return bytes.Replace(code, []byte(") "+from+"("), []byte(") "+to+"("), 1)
}
