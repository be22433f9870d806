package httpfn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// errNoForm is the error of a body that is not a form, or has too many parts.
var errNoForm = errors.New("not a form")

// maxParts bounds the number of objects that a small body can turn into.
const maxParts = 1000

// part is a field or a file of a form.
type part struct {
	name, filename, kind string
	file                 bool
	data                 []byte
}

// readForm reads a multipart/form-data body. The parts together are no larger than the body.
func readForm(contentType string, body io.Reader) ([]part, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, errNoForm
	}
	source := &fallible{Reader: body}
	reader := multipart.NewReader(source, params["boundary"])
	var parts []part
	for {
		p, err := reader.NextRawPart()
		if err == io.EOF { //nolint:errorlint // the reader returns it bare
			return parts, nil
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(p)
		}
		switch {
		case source.err != nil:
			return nil, source.err
		case err != nil || len(parts) == maxParts:
			return nil, errNoForm
		}
		_, disposition, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		name, named := disposition["name"]
		if err != nil || !named {
			return nil, errNoForm
		}
		filename, file := disposition["filename"]
		kind := p.Header.Get("Content-Type")
		if file && kind == "" {
			kind = "text/plain" // as the Fetch standard says
		}
		parts = append(parts, part{unescape.Replace(name), unescape.Replace(filename), kind, file, data})
	}
}

// unescape reverses what browsers do to names; they leave every other percent sign alone.
var unescape = strings.NewReplacer("%0A", "\n", "%0D", "\r", "%22", `"`)

// fallible remembers the error of its reader, to distinguish a body that does not arrive from one that is not a form.
type fallible struct {
	io.Reader
	err error
}

func (f *fallible) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// formValue returns parts as the script gets them.
func formValue(r *quickjs.Realm, parts []part) quickjs.Value {
	list := r.NewArray()
	for i, p := range parts {
		item := r.NewObject()
		r.Set(item, "name", r.NewString(p.name))
		if p.file {
			r.Set(item, "filename", r.NewString(p.filename))
		}
		r.Set(item, "type", r.NewString(p.kind))
		data := r.NewBytes(p.data)
		if quickjs.IsException(data) {
			r.Free(item)
			r.Free(list)
			return data
		}
		r.Set(item, "data", data)
		r.Set(list, fmt.Sprint(i), item)
	}
	return list
}

// formFuncs read forms from bodies that the script already has.
func formFuncs() runtime.Table {
	return runtime.Table{
		"multipart": func(a runtime.Args) (quickjs.Value, error) {
			body, _ := a.Realm().Data(a.Value(1))
			if err := a.Realm().Hold(3*int64(len(body)), 0); err != nil { // reading a part takes twice its size
				return quickjs.Undefined(), err
			}
			parts, err := readForm(a.Text(0), bytes.NewReader(body))
			if err != nil {
				return quickjs.Undefined(), nil // the script says what is wrong
			}
			return formValue(a.Realm(), parts), nil
		},
	}
}
