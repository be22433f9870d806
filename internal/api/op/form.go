package op

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"reflect"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/limitio"
)

// A request with `form:"…"` fields travels as multipart/form-data, so that a plain curl can send it: first the texts, then
// the one file, as a stream. The texts can thus be checked before the file is read.

// maxFormField is the longest text of a form, in bytes.
const maxFormField = 64 << 10

// hasForm reports whether the fields of a request travel in a form.
func hasForm(t reflect.Type) bool {
	for i := range t.NumField() {
		if _, ok := t.Field(i).Tag.Lookup("form"); ok {
			return true
		}
	}
	return false
}

// isFile reports whether a field of a form is the file.
func isFile(p place) bool { return p.value.Type() == reflect.TypeFor[io.Reader]() }

// newForm writes the fields of a request as a form.
func newForm(req reflect.Value) (body io.Reader, contentType string) {
	var head bytes.Buffer
	form := multipart.NewWriter(&head) // writing to a buffer never fails
	var file io.Reader
	for _, p := range places(req) {
		switch {
		case p.kind != "form" || p.value.IsZero():
		case isFile(p):
			_, _ = form.CreateFormFile(p.name, p.name)
			file, _ = p.value.Interface().(io.Reader)
		default:
			_ = form.WriteField(p.name, fmt.Sprint(reflect.Indirect(p.value).Interface()))
		}
	}
	if file == nil {
		_ = form.Close()
		return &head, form.FormDataContentType()
	}
	tail := strings.NewReader("\r\n--" + form.Boundary() + "--\r\n")
	return io.MultiReader(&head, file, tail), form.FormDataContentType()
}

// parseForm reads a form up to the file.
func parseForm(r *http.Request, req reflect.Value) error {
	form, err := r.MultipartReader()
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "the request must have Content-Type: multipart/form-data, as curl -F sends it")
	}
	fields := map[string]place{}
	file := ""
	for _, p := range places(req) {
		if p.kind == "form" {
			fields[p.name] = p
			if isFile(p) {
				file = p.name
			}
		}
	}
	for given := map[string]bool{}; ; {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return errs.New(errs.Invalid, "the form has no field %s", file)
		}
		if err != nil {
			return badForm(err)
		}
		p, known := fields[part.FormName()]
		switch {
		case !known:
			return errs.New(errs.Invalid, "unknown form field %q", part.FormName())
		case given[p.name]:
			return errs.New(errs.Invalid, "the form field %s is given twice", p.name)
		case isFile(p):
			p.value.Set(reflect.ValueOf(io.Reader(&lastPart{part, form, file, r.ContentLength})))
			return nil
		}
		given[p.name] = true
		text, err := limitio.ReadAll(part, maxFormField)
		switch {
		case errors.Is(err, limitio.ErrTooLong):
			return errs.New(errs.TooLarge, "the form field %s has more than %d bytes", p.name, maxFormField)
		case err != nil:
			return badForm(err)
		}
		if err := setText(p, string(text)); err != nil {
			return err
		}
	}
}

// setText sets a field of a form. Fields that may be absent are pointers.
func setText(p place, text string) error {
	if p.value.Kind() == reflect.Pointer {
		p.value.Set(reflect.New(p.value.Type().Elem()))
		p.value = p.value.Elem()
	}
	p.label = "form field"
	return setQuery(p, []string{text})
}

func badForm(err error) error {
	if errs.KindOf(err) != errs.Internal {
		return err
	}
	return errs.Wrap(errs.Invalid, err, "the form cannot be read: it was cut off, or does not match its Content-Type")
}

// lastPart is the file of a form. The form must end after it, so that no field is ignored.
type lastPart struct {
	part *multipart.Part
	form *multipart.Reader
	name string
	body int64 // declared size of the whole form, in bytes; -1 = not declared
}

// Declared returns the size that the sender declared for the whole form; -1 = not declared.
func (l *lastPart) Declared() int64 { return l.body }

func (l *lastPart) Read(p []byte) (int, error) {
	n, err := l.part.Read(p)
	if err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return n, badForm(err)
	}
	next, err := l.form.NextPart()
	switch {
	case errors.Is(err, io.EOF):
		return n, io.EOF
	case err != nil:
		return n, badForm(err)
	}
	return n, errs.New(errs.Invalid, "the form field %s comes after the field %s; the file must be the last", next.FormName(), l.name)
}
