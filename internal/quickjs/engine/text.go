package engine

import "unsafe"

// wideText is the bit of the head of a string that says that its characters have two bytes. The other bits are its length.
const wideText = 1 << 31

// Characters returns where the characters of a string lie, how many there are, and whether each has two bytes. text is the
// address of a string that is not a rope.
func (m *Module) Characters(text int32) (at, n int32, wide bool) {
	head := *(*uint32)(unsafe.Pointer(&m.memory[uint32(text)]))
	return m.characters(text), int32(head &^ wideText), head&wideText != 0
}

// Narrow makes a string of two-byte characters, which nothing has seen yet, one of n characters of one byte. It must have room
// for them and a zero.
func (m *Module) Narrow(text, n int32) {
	*(*uint32)(unsafe.Pointer(&m.memory[uint32(text)])) = uint32(n)
	m.memory[uint32(m.characters(text)+n)] = 0
}
