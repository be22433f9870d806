package sqlite

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"unicode/utf8"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// SQLite functions whose work grows with the product of the lengths of their arguments are replaced on connections for
// statements from outside: instr of two values of a megabyte takes minutes and cannot be interrupted. The functions
// here return the same results in linear time, or can be interrupted.

type scalar func(tls *libc.TLS, ctx uintptr, argc int32, argv uintptr)

var boundedFunctions = []struct {
	name string
	args int32
	fn   scalar
}{
	{"instr", 2, sqlInstr},
	{"replace", 3, sqlReplace},
	{"trim", 2, func(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) { sqlTrim(tls, ctx, argv, true, true) }},
	{"ltrim", 2, func(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) { sqlTrim(tls, ctx, argv, true, false) }},
	{"rtrim", 2, func(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) { sqlTrim(tls, ctx, argv, false, true) }},
	{"unhex", 2, sqlUnhex},
	{"like", 2, sqlLike},
	{"like", 3, sqlLike},
	{"glob", 2, sqlGlob},
}

// boundFunctions installs them on a connection.
func (c *Conn) boundFunctions() error {
	tls := threadOf(c.raw)
	for _, f := range boundedFunctions {
		name, err := libc.CString(f.name)
		if err != nil {
			return err
		}
		code := lib.Xsqlite3_create_function_v2(tls, handleOf(c.raw), name, f.args,
			lib.SQLITE_UTF8|lib.SQLITE_DETERMINISTIC|lib.SQLITE_INNOCUOUS, 0, pointer(f.fn), 0, 0, 0)
		libc.Xfree(tls, name)
		if code != lib.SQLITE_OK {
			return fmt.Errorf("the function %s could not be replaced: code %d", f.name, code)
		}
	}
	return nil
}

// argument returns one argument of a function. Its text is in SQLite's memory.
func argument(argv uintptr, i int) uintptr {
	return *at[uintptr](argv + uintptr(i)*unsafe.Sizeof(argv))
}

func isNull(tls *libc.TLS, v uintptr) bool {
	return lib.Xsqlite3_value_type(tls, v) == lib.SQLITE_NULL
}

func isBlob(tls *libc.TLS, v uintptr) bool {
	return lib.Xsqlite3_value_type(tls, v) == lib.SQLITE_BLOB
}

// text returns a value as text, or the bytes of a blob; ok is false if there was not enough memory.
func text(tls *libc.TLS, v uintptr) (b []byte, ok bool) {
	var p uintptr
	if isBlob(tls, v) {
		p = lib.Xsqlite3_value_blob(tls, v)
	} else {
		p = lib.Xsqlite3_value_text(tls, v)
	}
	n := lib.Xsqlite3_value_bytes(tls, v)
	if p == 0 {
		return nil, n == 0
	}
	return unsafe.Slice(at[byte](p), n), true
}

// texts returns the arguments as text; ok is false if the result is set already: NULL because one of them is NULL, or
// an error.
func texts(tls *libc.TLS, ctx, argv uintptr, n int) (list [3][]byte, ok bool) {
	for i := range n {
		v := argument(argv, i)
		if isNull(tls, v) {
			lib.Xsqlite3_result_null(tls, ctx)
			return list, false
		}
		if list[i], ok = text(tls, v); !ok {
			lib.Xsqlite3_result_error_nomem(tls, ctx)
			return list, false
		}
	}
	return list, true
}

// giveText returns text as the result, in memory from the allowance of the connection.
func giveText(tls *libc.TLS, ctx uintptr, b []byte) {
	if p := inMemoryOf(tls, ctx, b); p != 0 {
		lib.Xsqlite3_result_text(tls, ctx, p, int32(len(b)), pointer(lib.Xsqlite3_free))
	}
}

func giveBlob(tls *libc.TLS, ctx uintptr, b []byte) {
	if p := inMemoryOf(tls, ctx, b); p != 0 {
		lib.Xsqlite3_result_blob(tls, ctx, p, int32(len(b)), pointer(lib.Xsqlite3_free))
	}
}

// inMemoryOf returns the address of a copy in SQLite's memory. An address in Go's memory would become invalid as soon
// as the stack grows. If there is not enough memory, it returns 0, and the result is an error.
func inMemoryOf(tls *libc.TLS, ctx uintptr, b []byte) uintptr {
	p := lib.Xsqlite3_malloc64(tls, uint64(len(b)+1))
	if p == 0 {
		lib.Xsqlite3_result_error_nomem(tls, ctx)
		return 0
	}
	copy(unsafe.Slice(at[byte](p), len(b)), b)
	return p
}

// beforeNUL returns a text up to its first NUL, where it ends for many functions of SQLite.
func beforeNUL(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return b
}

func giveBool(tls *libc.TLS, ctx uintptr, is bool) {
	n := int32(0)
	if is {
		n = 1
	}
	lib.Xsqlite3_result_int(tls, ctx, n)
}

// giveError returns an error as the result; SQLite copies its message.
func giveError(tls *libc.TLS, ctx uintptr, message string) {
	if p := inMemoryOf(tls, ctx, []byte(message)); p != 0 {
		lib.Xsqlite3_result_error(tls, ctx, p, int32(len(message)))
		lib.Xsqlite3_free(tls, p)
	}
}

// sqlInstr is instr(X, Y): the position of Y in X, in characters, or in bytes if both are blobs.
func sqlInstr(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) {
	list, ok := texts(tls, ctx, argv, 2)
	if !ok {
		return
	}
	at := bytes.Index(list[0], list[1])
	if at > 0 && !(isBlob(tls, argument(argv, 0)) && isBlob(tls, argument(argv, 1))) {
		at = utf8.RuneCount(list[0][:at])
	}
	lib.Xsqlite3_result_int(tls, ctx, int32(at+1))
}

// sqlReplace is replace(X, Y, Z): X with every Y replaced by Z; X if Y is empty.
func sqlReplace(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) {
	list, ok := texts(tls, ctx, argv, 3)
	if !ok {
		return
	}
	x, y, z := list[0], list[1], list[2]
	if len(beforeNUL(y)) == 0 {
		giveText(tls, ctx, x)
		return
	}
	if len(x)+bytes.Count(x, y)*(len(z)-len(y)) > longestValue { // the limit of the connection is not larger
		lib.Xsqlite3_result_error_toobig(tls, ctx)
		return
	}
	giveText(tls, ctx, bytes.ReplaceAll(x, y, z))
}

// sqlTrim is trim(X, Y), ltrim and rtrim: X without the characters of Y at its ends.
func sqlTrim(tls *libc.TLS, ctx, argv uintptr, left, right bool) {
	list, ok := texts(tls, ctx, argv, 2)
	if !ok {
		return
	}
	x, set := list[0], map[rune]bool{}
	for _, r := range string(beforeNUL(list[1])) {
		set[r] = true
	}
	in := func(r rune) bool { return set[r] }
	if left {
		x = bytes.TrimLeftFunc(x, in)
	}
	if right {
		x = bytes.TrimRightFunc(x, in)
	}
	giveText(tls, ctx, x)
}

// sqlUnhex is unhex(X, Y): the bytes that X contains as pairs of digits, which characters of Y may separate; else NULL.
func sqlUnhex(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) {
	list, ok := texts(tls, ctx, argv, 2)
	if !ok {
		return
	}
	skip := map[rune]bool{}
	for _, r := range string(beforeNUL(list[1])) {
		skip[r] = true
	}
	x, out := beforeNUL(list[0]), make([]byte, 0, len(list[0])/2)
	for len(x) > 0 {
		if len(x) > 1 {
			if n, err := hex.Decode(out[len(out):len(out)+1], x[:2]); n == 1 && err == nil {
				out, x = out[:len(out)+1], x[2:]
				continue
			}
		}
		r, size := utf8.DecodeRune(x)
		if !skip[r] || bytes.ContainsRune([]byte("0123456789abcdefABCDEF"), r) {
			lib.Xsqlite3_result_null(tls, ctx)
			return
		}
		x = x[size:]
	}
	giveBlob(tls, ctx, out)
}
