package webapi

import (
	"bytes"
	"unicode/utf8"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/codec"
)

// textFuncs convert bytes to text and text to bytes.
func textFuncs() runtime.Table {
	return runtime.Table{
		"btoa": func(a runtime.Args) (quickjs.Value, error) { return a.ReturnsIf(codec.ToBase64(a.Text(0))) },
		"atob": func(a runtime.Args) (quickjs.Value, error) { return a.ReturnsIf(codec.FromBase64(a.Text(0))) },
		"encoding": func(a runtime.Args) (quickjs.Value, error) {
			name := codec.EncodingOf(a.Text(0))
			return a.ReturnsIf(name, name != "")
		},
		"utf8": toUTF8,
		"decode": func(a runtime.Args) (quickjs.Value, error) {
			s, ok := codec.Decode(a.Text(0), a.Data(2))
			return a.ReturnsIf(s, ok || !a.Flag(1)) // fatal
		},
		"incomplete": func(a runtime.Args) (quickjs.Value, error) {
			return quickjs.Int(int32(codec.Incomplete(a.Text(0), a.Data(1)))), nil
		},
		"percentDecode": func(a runtime.Args) (quickjs.Value, error) { return a.Returns(codec.PercentDecode(a.Text(0))) },
	}
}

// toUTF8 returns the bytes of a text.
func toUTF8(a runtime.Args) (v quickjs.Value, err error) {
	r := a.Realm()
	if a.Len() == 0 {
		return r.NewBytes(nil), nil
	}
	v = quickjs.Undefined()
	_, err = r.View(a.Value(0), func(data []byte, _ bool) error {
		if !utf8.Valid(data) { // lone surrogates
			data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
		}
		v = r.NewBytes(data)
		return nil
	})
	return v, err
}
