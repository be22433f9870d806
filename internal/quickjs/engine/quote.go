package engine

import "unsafe"

// longestRun is how many characters are copied between two checks of the stop flag.
const longestRun = 1 << 20

// copyRun appends the characters of a string, from the index at position on, that JSON writes as they are, and moves the index
// past them. buffer and text are the addresses of a string buffer and a string of the engine. The result is 0, or not if
// there is no memory. Strings with 16-bit characters are left to the engine.
func (m *Module) copyRun(buffer, text, position int32) int32 {
	size := int32(*(*uint32)(unsafe.Pointer(&m.memory[uint32(text)])))
	from := int32(*(*uint32)(unsafe.Pointer(&m.memory[uint32(position)])))
	if size <= from { // also if the highest bit is set, which marks 16-bit characters
		return 0
	}
	start := uint64(uint32(m.characters(text))) + uint64(from)
	n := int32(0)
	for _, c := range m.memory[start : start+uint64(min(size-from, longestRun))] {
		if c < ' ' || c == '"' || c == '\\' {
			break
		}
		n++
	}
	if n == 0 {
		return 0
	}
	if failed := m.appendBytes(buffer, int32(uint32(start)), n); failed != 0 {
		return failed
	}
	*(*uint32)(unsafe.Pointer(&m.memory[uint32(position)])) = uint32(from + n)
	return 0
}
