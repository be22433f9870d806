package webapi

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/codec"
)

// bytesFuncs work on bytes and texts where the VM has them, and put their results there: nothing is copied to Go's memory, so
// what they need counts as all memory of the VM does.
func bytesFuncs() runtime.Table {
	return runtime.Table{
		"bytesOf":   bytesOf,   // (text, encoding) → ArrayBuffer
		"textOf":    textOf,    // (bytes, encoding) → text
		"writeText": writeText, // (bytes, text, encoding) → number of bytes written
		"encodeInto": func(a runtime.Args) (quickjs.Value, error) { // (bytes, text) → {read, written}
			text, chars := opened(a, 3)
			defer text.Close()
			written, read := codec.UTF8.Encode(piece(a, 0), chars)
			r := a.Realm()
			v := r.NewObject()
			r.Set(v, "read", quickjs.Int(int32(read)))
			r.Set(v, "written", quickjs.Int(int32(written)))
			return v, nil
		},
		"sizeOfText": func(a runtime.Args) (quickjs.Value, error) { // (text, encoding) → number of bytes
			text, chars := opened(a, 0)
			defer text.Close()
			return quickjs.Number(float64(codec.Encoding(a.ID(1)).Size(chars))), nil
		},
		"compareBytes": func(a runtime.Args) (quickjs.Value, error) { // (bytes, bytes) → -1, 0 or 1
			return quickjs.Int(int32(bytes.Compare(piece(a, 0), piece(a, 3)))), nil
		},
		"indexOfBytes": indexOfBytes, // (bytes, bytes to find, from, backward, wide) → index or -1
		"fillBytes": func(a runtime.Args) (quickjs.Value, error) { // (bytes, pattern)
			repeat(piece(a, 0), piece(a, 3))
			return quickjs.Undefined(), nil
		},
		"swapBytes": func(a runtime.Args) (quickjs.Value, error) { // (bytes, size): reverses each group of so many bytes
			b, size := piece(a, 0), int(a.Number(3))
			for ; size > 0 && len(b) >= size; b = b[size:] {
				slices.Reverse(b[:size])
			}
			return quickjs.Undefined(), nil
		},
		"validBytes": func(a runtime.Args) (quickjs.Value, error) { // (bytes, encoding) → whether they are text in it
			return quickjs.Bool(codec.Encoding(a.ID(3)).Valid(piece(a, 0))), nil
		},
		"btoa": btoa,
		"atob": atob,
	}
}

// piece returns the bytes that three arguments mean: an ArrayBuffer, where in it they begin, and how many there are.
func piece(a runtime.Args, i int) []byte {
	b, _ := a.Realm().Data(a.Value(i))
	at, n := a.Number(i+1), a.Number(i+2)
	if !(at >= 0 && n >= 0 && at+n <= float64(len(b))) {
		return nil
	}
	return b[int(at):][:int(n)]
}

// opened returns an argument that is a text. The caller closes it.
func opened(a runtime.Args, i int) (quickjs.Text, codec.Chars) {
	text, _ := a.Realm().OpenText(a.Value(i))
	return text, codec.Chars{Data: text.Data, Wide: text.Wide}
}

func bytesOf(a runtime.Args) (quickjs.Value, error) {
	text, chars := opened(a, 0)
	defer text.Close()
	e := codec.Encoding(a.ID(1))
	return a.Realm().NewDataUpTo(e.Size(chars), func(to []byte) int {
		written, _ := e.Encode(to, chars)
		return written
	}), nil
}

func textOf(a runtime.Args) (quickjs.Value, error) {
	e, b := codec.Encoding(a.ID(3)), piece(a, 0)
	n, wide := e.Length(b)
	v, to := a.Realm().NewChars(n, wide)
	if to != nil {
		e.Decode(codec.Chars{Data: to, Wide: wide}, b)
	}
	return v, nil
}

func writeText(a runtime.Args) (quickjs.Value, error) {
	text, chars := opened(a, 3)
	defer text.Close()
	written, _ := codec.Encoding(a.ID(4)).Encode(piece(a, 0), chars)
	return quickjs.Int(int32(written)), nil
}

// repeat fills b with a pattern.
func repeat(b, pattern []byte) {
	if len(pattern) == 0 {
		return
	}
	for n := copy(b, pattern); n > 0 && n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// indexOfBytes finds bytes. Wide ones begin at a multiple of two.
func indexOfBytes(a runtime.Args) (quickjs.Value, error) {
	b, what, from, backward := piece(a, 0), piece(a, 3), int(a.Number(6)), a.Flag(7)
	at := -1
	switch {
	case len(what) == 0 || from < 0 || from > len(b):
	case a.Flag(8):
		if err := a.Realm().Hold(int64(2*len(what)), 0); err != nil {
			return quickjs.Undefined(), err
		}
		at = indexOfUnits(b, what, from, backward)
	case backward:
		at = lastIndex(b[:min(len(b), from+len(what))], what)
	default:
		if at = bytes.Index(b[from:], what); at >= 0 {
			at += from
		}
	}
	return quickjs.Int(int32(at)), nil
}

// lastIndex is bytes.LastIndex, which compares byte by byte, but looks in pieces from the end for whether there is any.
func lastIndex(b, what []byte) int {
	const step = 4 << 10
	for end := len(b); end >= len(what); {
		from := max(0, end-len(what)-step)
		if bytes.Contains(b[from:end], what) {
			return from + bytes.LastIndex(b[from:end], what)
		}
		if from == 0 {
			break
		}
		end = from + len(what) - 1
	}
	return -1
}

// indexOfUnits finds units of two bytes, in a time that does not grow with the product of both lengths: it never goes back, but
// knows after a mismatch how much of what it looks for has been found at a later place (Knuth, Morris, Pratt).
func indexOfUnits(b, what []byte, from int, backward bool) int {
	unit := func(b []byte, i int) uint16 {
		if backward {
			return binary.LittleEndian.Uint16(b[len(b)-2*i-2:])
		}
		return binary.LittleEndian.Uint16(b[2*i:])
	}
	b, what = b[:len(b)&^1], what[:len(what)&^1]
	first := from / 2
	if backward {
		b = b[:min(len(b), from&^1+len(what))]
		first = 0
	}
	n, m := len(b)/2, len(what)/2
	if m == 0 {
		return -1
	}
	same := make([]int32, m) // how much of the beginning of what ends at each unit of it
	for i, k := 1, int32(0); i < m; i++ {
		for k > 0 && unit(what, i) != unit(what, int(k)) {
			k = same[k-1]
		}
		if unit(what, i) == unit(what, int(k)) {
			k++
		}
		same[i] = k
	}
	for i, k := first, int32(0); i < n; i++ {
		for k > 0 && unit(b, i) != unit(what, int(k)) {
			k = same[k-1]
		}
		if unit(b, i) == unit(what, int(k)) {
			k++
		}
		if int(k) == m {
			if backward {
				return len(b) - 2*i - 2
			}
			return 2 * (i - m + 1)
		}
	}
	return -1
}

// btoa encodes a text in which each character stands for a byte, or returns undefined.
func btoa(a runtime.Args) (quickjs.Value, error) {
	text, chars := opened(a, 0)
	defer text.Close()
	if !chars.IsLatin1() {
		return quickjs.Undefined(), nil
	}
	v, to := a.Realm().NewChars(base64.StdEncoding.EncodedLen(text.Len()), false)
	if len(to) > 0 && !chars.Wide {
		base64.StdEncoding.Encode(to, chars.Data)
		return v, nil
	}
	var some [3 << 10]byte
	for len(to) > 0 {
		n, read := codec.Latin1.Encode(some[:], chars)
		base64.StdEncoding.Encode(to, some[:n])
		to, chars.Data = to[base64.StdEncoding.EncodedLen(n):], chars.Data[2*read:]
	}
	return v, nil
}

// atob decodes base64 to a text in which each character stands for a byte, or returns undefined.
func atob(a runtime.Args) (quickjs.Value, error) {
	text, chars := opened(a, 0)
	defer text.Close()
	n, ok := codec.SizeBase64(chars)
	if !ok {
		return quickjs.Undefined(), nil
	}
	v, to := a.Realm().NewChars(n, false)
	codec.DecodeBase64(to, chars)
	return v, nil
}
