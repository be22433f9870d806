package runtime

import (
	"bytes"
	"unicode/utf8"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/codec"
)

// textFuncs turn bytes into text and text into bytes.
func textFuncs() hostTable {
	return hostTable{
		"btoa": func(a args) (quickjs.Value, error) { return a.returnsIf(codec.ToBase64(a.text(0))) },
		"atob": func(a args) (quickjs.Value, error) { return a.returnsIf(codec.FromBase64(a.text(0))) },
		"encoding": func(a args) (quickjs.Value, error) {
			name := codec.EncodingOf(a.text(0))
			return a.returnsIf(name, name != "")
		},
		"utf8": toUTF8,
		"decode": func(a args) (quickjs.Value, error) {
			s, ok := codec.Decode(a.text(0), a.data(2))
			return a.returnsIf(s, ok || !a.flag(1)) // fatal
		},
		"incomplete": func(a args) (quickjs.Value, error) {
			return quickjs.Int(int32(codec.Incomplete(a.text(0), a.data(1)))), nil
		},
		"percentDecode": func(a args) (quickjs.Value, error) { return a.returns(codec.PercentDecode(a.text(0))) },
	}
}

// toUTF8 returns the bytes of a text.
func toUTF8(a args) (v quickjs.Value, err error) {
	r := a.vm.realm
	if len(a.list) == 0 {
		return r.NewBytes(nil), nil
	}
	v = quickjs.Undefined()
	_, err = r.View(a.list[0], func(data []byte, _ bool) error {
		if !utf8.Valid(data) { // lone surrogates
			data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
		}
		v = r.NewBytes(data)
		return nil
	})
	return v, err
}
