package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sections of a WebAssembly module, by their numbers in the binary format.
const (
	sectionCustom = 0
	sectionImport = 2
	sectionGlobal = 6
	sectionExport = 7
	sectionCode   = 10
)

const (
	kindGlobal    = 3
	typeI32       = 0x7f
	blockVoid     = 0x40
	mutable       = 1
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opEnd         = 0x0b
	opGlobalGet   = 0x23
	opI32Const    = 0x41
)

var header = []byte("\x00asm\x01\x00\x00\x00")

var errShort = errors.New("the module ends too early")

// section is one section of a module, without its header.
type section struct {
	id   byte
	body []byte
}

// parse splits a module into its sections.
func parse(module []byte) ([]section, error) {
	if len(module) < len(header) || string(module[:len(header)]) != string(header) {
		return nil, errors.New("not a WebAssembly module of version 1")
	}
	var list []section
	r := &reader{b: module[len(header):]}
	for len(r.b) > 0 && r.err == nil {
		id := r.byte()
		list = append(list, section{id: id, body: r.bytes(r.u32())})
	}
	return list, r.err
}

// assemble is the inverse of parse.
func assemble(list []section) []byte {
	out := append([]byte{}, header...)
	for _, s := range list {
		out = append(out, s.id)
		out = appendBytes(out, s.body)
	}
	return out
}

// reader reads the binary format. After an error, everything it reads is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *reader) bytes(n uint32) []byte {
	if r.err != nil {
		return nil
	}
	if uint64(n) > uint64(len(r.b)) {
		r.err = errShort
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// u32 reads an unsigned LEB128 number.
func (r *reader) u32() uint32 {
	n, size := binary.Uvarint(r.b)
	if r.err != nil {
		return 0
	}
	if size <= 0 || size > 5 || n > 1<<32-1 {
		r.err = errors.New("a number is longer than 32 bits")
		return 0
	}
	r.b = r.b[size:]
	return uint32(n)
}

// skip reads a LEB128 number of any sign and up to limit bytes.
func (r *reader) skip(limit int) {
	for range limit {
		if r.byte()&0x80 == 0 {
			return
		}
	}
	if r.err == nil {
		r.err = fmt.Errorf("a number is longer than %d bytes", limit)
	}
}

func appendU32(b []byte, n uint32) []byte { return binary.AppendUvarint(b, uint64(n)) }

func appendBytes(b, content []byte) []byte {
	return append(appendU32(b, uint32(len(content))), content...)
}
