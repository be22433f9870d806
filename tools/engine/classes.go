package main

import (
	"bytes"
	"fmt"
	"regexp"
)

// classMessage is the error for a character that the class of a regular expression with the flag v must not have unescaped.
const classMessage = "invalid character in class in regular expression\x00"

// atom is the first line of the function that parses a character of a regular expression. Its last parameter tells whether the
// character is in a class.
var atom = regexp.MustCompile(`(?m)^func \(m \*Module\) fn\d+\(v0, v1, v2, v3 int32\) int32 \{\n`)

// setsFlag is where that function asks whether the expression has the flag v, and where it goes if not.
var setsFlag = regexp.MustCompile(`\tt(\d+) := int32\(mem\[uint64\(uint32\(v0\)\)\+41\]\)\n\t+if t\d+ != i32\(1\)( )\{\n\t+goto (l\d+)\n`)

// allowOutsideClasses lets regular expressions with the flag v have characters such as / and - outside of classes, where the
// engine rejects them as in classes.
func allowOutsideClasses(code, data []byte) ([]byte, error) {
	message := bytes.Index(data, []byte(classMessage))
	if message < 0 {
		return nil, fmt.Errorf("the generated code has no %q", classMessage)
	}
	use := fmt.Appendf(nil, "i32(%d)", dataStart+message)
	for _, at := range atom.FindAllIndex(code, -1) {
		end := at[1] + bytes.Index(code[at[1]:], []byte("\n}\n"))
		body := code[at[1]:end]
		if !bytes.Contains(body, use) {
			continue
		}
		// The last of these is before the message. Those that go to the same place are for characters on their own.
		out, from, places := []byte("\tinClass := v3\n"), 0, 0
		asks := setsFlag.FindAllSubmatchIndex(body, -1)
		for _, ask := range asks {
			last := asks[len(asks)-1]
			if !bytes.Equal(body[ask[6]:ask[7]], body[last[6]:last[7]]) {
				continue
			}
			out = append(append(out, body[from:ask[4]]...), " || inClass == 0"...)
			from, places = ask[4], places+1
		}
		if places != 2 {
			return nil, fmt.Errorf("the generated code that parses a character of a regular expression asks %d times for the flag v", places)
		}
		return bytes.Join([][]byte{code[:at[1]], out, body[from:], code[end:]}, nil), nil
	}
	return nil, fmt.Errorf("the generated code has no function that parses a character of a regular expression")
}
