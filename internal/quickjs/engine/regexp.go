package engine

import (
	"bytes"
	"encoding/binary"
	"sync/atomic"
)

// The engine tries a regular expression at every position of a text, in its interpreter of expressions. Most can begin
// with few characters only, and positions with others are passed over here; what begins with ^ is tried once. The engine's
// own code decides about all other positions, so nothing else changes; a test compares both.

// The code of an expression: flags and sizes, then instructions. One that may match anywhere starts with a loop that tries
// the rest at every position.
const (
	regexpHeader = 8
	unicodeFlags = 0x10 | 0x100 // the flags u and v
	anywhere     = "\x0e\x06\x00\x00\x00\x06\x0d\xf5\xff\xff\xff"
)

// Instructions that may come before the first character, and those that take it.
const (
	opChar          = 0x01
	opCharFold      = 0x02
	opLineStart     = 0x09
	opGoto          = 0x0d
	opSplitGoto     = 0x0e
	opSplitNext     = 0x0f
	opSaveStart     = 0x13
	opSaveEnd       = 0x14
	opSetRegister   = 0x1b
	opWordBoundary  = 0x1c
	opNotBoundary   = 0x1d
	opRange         = 0x24
	opLookahead     = 0x28
	opNegativeAhead = 0x29
)

const (
	shortText  = 24 // texts up to this are not worth it
	maxSteps   = 40 // instructions that are looked at
	maxTries   = 8  // positions that are tried one by one before the engine goes on alone
	checkEvery = 1 << 20
	noPosition = -1
	maxRanges  = 24
)

// firstChars are the characters with which a match can begin. Ones that it cannot begin with may be among them.
type firstChars struct {
	latin    [4]uint64 // a bit for each character below 256
	ranges   [maxRanges][2]uint16
	n        int  // of ranges
	anchored bool // a match begins at the start of the text
}

func (f *firstChars) add(low, high uint16) bool {
	if f.n == maxRanges {
		return false
	}
	f.ranges[f.n] = [2]uint16{low, high}
	f.n++
	for c := uint(low); c <= min(uint(high), 255); c++ {
		f.latin[c/64] |= 1 << (c % 64)
	}
	return true
}

func (f *firstChars) hasLatin(c byte) bool { return f.latin[c/64]&(1<<(c%64)) != 0 }

func (f *firstChars) hasWide(c uint16) bool {
	if c < 256 {
		return f.hasLatin(byte(c))
	}
	for _, r := range f.ranges[:f.n] {
		if r[0] <= c && c <= r[1] {
			return true
		}
	}
	return false
}

// single returns the only character below 256 that a match can begin with.
func (f *firstChars) single() (c byte, ok bool) {
	if f.n != 1 || f.ranges[0][0] != f.ranges[0][1] || f.ranges[0][0] > 255 {
		return 0, false
	}
	return byte(f.ranges[0][0]), true
}

// scan follows the instructions from at to the first character of a match. It reports whether that is known.
func (f *firstChars) scan(code []byte, at int, unicode bool, steps *int) bool {
	for {
		if *steps++; *steps > maxSteps || at < 0 || at+7 > len(code) {
			return false
		}
		operand := int(int32(binary.LittleEndian.Uint32(code[at+1:])))
		switch code[at] {
		case opSaveStart, opSaveEnd:
			at += 2
		case opSetRegister:
			at += 6
		case opWordBoundary, opNotBoundary: // takes no character
			at++
		case opLookahead, opNegativeAhead: // nor does this; what follows it must match, too
			at += 5 + operand
		case opGoto:
			at += 5 + operand
		case opSplitGoto, opSplitNext:
			if !f.scan(code, at+5, unicode, steps) {
				return false
			}
			at += 5 + operand
		case opLineStart:
			f.anchored = true
			return f.n == 0
		case opChar:
			c := binary.LittleEndian.Uint16(code[at+1:])
			return !f.anchored && f.add(c, c)
		case opCharFold:
			return !f.anchored && !unicode && f.addFolded(binary.LittleEndian.Uint16(code[at+1:]))
		case opRange:
			return !f.anchored && f.addRanges(code[at+1:])
		default:
			return false
		}
	}
}

// addFolded adds a character of ASCII, which is in upper case, and its lower case: no other folds to it without the flag u.
func (f *firstChars) addFolded(c uint16) bool {
	if c >= 128 || !f.add(c, c) {
		return false
	}
	return c < 'A' || c > 'Z' || f.add(c+'a'-'A', c+'a'-'A')
}

func (f *firstChars) addRanges(code []byte) bool {
	n := int(binary.LittleEndian.Uint16(code))
	if len(code) < 2+4*n {
		return false
	}
	for i := range n {
		if !f.add(binary.LittleEndian.Uint16(code[2+4*i:]), binary.LittleEndian.Uint16(code[4+4*i:])) {
			return false
		}
	}
	return true
}

// matchRegexp is called in place of the engine's execRegexp, with the same arguments and results: where in the memory the
// captures go, the code of the expression and the text lie, where in the text to begin, its length, whether its
// characters have two bytes, and the context. It returns 1 for a match, 0 for none.
func (m *Module) matchRegexp(captures, code, text, index, length, wide, ctx int32) int32 {
	first, ok := m.firstChars(code, index, length, wide)
	if !ok {
		return m.execRegexp(captures, code, text, index, length, wide, ctx)
	}
	if first.anchored {
		if index > 0 {
			return 0
		}
		return m.tryHere(captures, code, text, index, length, wide, ctx)
	}
	for range maxTries {
		if index = m.candidate(&first, text, index, length, wide); index == noPosition {
			return 0
		}
		if got := m.tryHere(captures, code, text, index, length, wide, ctx); got != 0 {
			return got
		}
		index++
	}
	return m.execRegexp(captures, code, text, index, length, wide, ctx)
}

// firstChars finds out with what a match can begin, if that is worth the time and of any use.
func (m *Module) firstChars(code, index, length, wide int32) (first firstChars, ok bool) {
	b := m.memory[uint32(code):]
	if m.Unfiltered || len(b) < regexpHeader+len(anywhere)+8 || string(b[regexpHeader:][:len(anywhere)]) != anywhere {
		return first, false
	}
	at := regexpHeader + len(anywhere)
	if length-index <= shortText && b[at+2] != opLineStart {
		return first, false
	}
	unicode := binary.LittleEndian.Uint16(b)&unicodeFlags != 0
	if unicode && wide != 0 { // there are characters of two units, which are passed over as one
		return first, false
	}
	size := regexpHeader + int64(binary.LittleEndian.Uint32(b[4:]))
	if size > int64(len(b)) {
		return first, false
	}
	steps := 0
	return first, first.scan(b[:size], at, unicode, &steps)
}

// candidate returns the next position from index on at which a match can begin.
func (m *Module) candidate(first *firstChars, text, index, length, wide int32) int32 {
	if wide != 0 {
		b := m.memory[uint32(text):][:2*int64(length)]
		for i := index; i < length; i++ {
			if first.hasWide(binary.LittleEndian.Uint16(b[2*int64(i):])) {
				return i
			}
			m.checkStop(i)
		}
		return noPosition
	}
	b := m.memory[uint32(text):][:length]
	if c, ok := first.single(); ok {
		if i := bytes.IndexByte(b[index:], c); i >= 0 {
			return index + int32(i)
		}
		return noPosition
	}
	for i := index; i < length; i++ {
		if first.hasLatin(b[i]) {
			return i
		}
		m.checkStop(i)
	}
	return noPosition
}

// checkStop traps now and then when the engine was stopped.
func (m *Module) checkStop(i int32) {
	if i%checkEvery == 0 && atomic.LoadInt32(m.Xstop()) != 0 {
		panic("unreachable")
	}
}

// tryHere tries an expression at one position only: without the loop at its start. A copy of its header takes the place of
// that while it runs.
func (m *Module) tryHere(captures, code, text, index, length, wide, ctx int32) int32 {
	b := m.memory[uint32(code):][: regexpHeader+len(anywhere) : regexpHeader+len(anywhere)]
	copy(b[len(anywhere):], b[:regexpHeader])
	got := m.execRegexp(captures, code+int32(len(anywhere)), text, index, length, wide, ctx)
	copy(b[regexpHeader:], anywhere)
	return got
}
