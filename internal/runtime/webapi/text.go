package webapi

import (
	"unicode/utf8"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/codec"
)

// legacyGrowth is how many bytes of Go's memory decoding takes for each byte of an encoding from before Unicode, or of UTF-16.
const legacyGrowth = 10

// textFuncs know the encodings of the Encoding standard.
func textFuncs() runtime.Table {
	return runtime.Table{
		"encoding": func(a runtime.Args) (quickjs.Value, error) {
			name := codec.EncodingOf(a.Text(0))
			return a.ReturnsIf(name, name != "")
		},
		"decode": decode, // (encoding, fatal, bytes) → text, or undefined
		"incomplete": func(a runtime.Args) (quickjs.Value, error) { // (encoding, bytes) → number of bytes
			name, b := a.Text(0), piece(a, 1)
			if name != "utf-8" {
				if err := a.Realm().Hold(legacyGrowth*int64(len(b)), 0); err != nil {
					return quickjs.Undefined(), err
				}
			}
			return quickjs.Int(int32(codec.Incomplete(name, b))), nil
		},
		"percentDecode": func(a runtime.Args) (quickjs.Value, error) {
			text := a.Text(0)
			if err := a.Realm().Hold(3*int64(len(text)), 0); err != nil {
				return quickjs.Undefined(), err
			}
			return a.Returns(codec.PercentDecode(text))
		},
	}
}

// decode returns bytes as text, or undefined if they are not valid and that is fatal.
func decode(a runtime.Args) (quickjs.Value, error) {
	name, fatal, b := a.Text(0), a.Flag(1), piece(a, 2)
	if name == "utf-8" {
		if fatal && !utf8.Valid(b) {
			return quickjs.Undefined(), nil
		}
		n, wide := codec.UTF8.Length(b)
		v, to := a.Realm().NewChars(n, wide)
		if to != nil {
			codec.UTF8.Decode(codec.Chars{Data: to, Wide: wide}, b)
		}
		return v, nil
	}
	if err := a.Realm().Hold(legacyGrowth*int64(len(b)), 0); err != nil {
		return quickjs.Undefined(), err
	}
	s, ok := codec.Decode(name, b)
	return a.ReturnsIf(s, ok || !fatal)
}
