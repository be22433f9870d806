package op

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"fazt/internal/errs"
)

// maxJSONBody is the size of the largest request body, unless the operation declares another limit.
const maxJSONBody = 1 << 20

// hasJSON reports whether any field of a request travels in a JSON body.
func hasJSON(t reflect.Type) bool {
	for i := range t.NumField() {
		if _, ok := t.Field(i).Tag.Lookup("json"); ok || t.Field(i).Tag.Get("body") == "json" {
			return true
		}
	}
	return false
}

// onlyJSON returns the part of a request that travels in the JSON body.
func onlyJSON(req any) any {
	v := reflect.ValueOf(req)
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("body") == "json" {
			return v.Field(i).Interface()
		}
	}
	out := map[string]any{}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			out[name] = v.Field(i).Interface()
		}
	}
	return out
}

func (s Spec) parseJSON(w http.ResponseWriter, r *http.Request, req any) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return errs.New(errs.Invalid, "the request must have Content-Type: application/json")
	}
	limit := s.BodyLimit()
	err := decodeJSON(http.MaxBytesReader(w, r.Body, limit), reflect.ValueOf(req).Elem())
	var tooLarge *http.MaxBytesError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return errs.Wrap(errs.TooLarge, err, "the request is larger than %d bytes", limit)
	case errors.Is(err, io.EOF):
		return errs.Wrap(errs.Invalid, err, "the request has no body")
	case err != nil && strings.HasPrefix(err.Error(), "json: unknown field"):
		return errs.Wrap(errs.Invalid, err, "unknown field %s; the server may be older than the client", strings.TrimPrefix(err.Error(), "json: unknown field "))
	case errors.As(err, &mismatch):
		return errs.Wrap(errs.Invalid, err, "invalid request for %s: %s must be %s, not %s", s.Name, cmp.Or(mismatch.Field, "it"), jsonKind(mismatch.Type), mismatch.Value)
	case err != nil && isBadTime(err):
		return errs.Wrap(errs.Invalid, err, "invalid request for %s: a time must be a string such as 2026-01-31T12:00:00Z", s.Name)
	case err != nil:
		return errs.Wrap(errs.Invalid, err, "invalid JSON for %s: %s", s.Name, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// decodeJSON reads the JSON body of a request into the field that holds the whole body, or into the fields with a json tag.
// It cannot set the other fields: encoding/json would accept their Go names.
func decodeJSON(r io.Reader, req reflect.Value) error {
	var members []reflect.StructField
	target := reflect.Value{}
	for i := range req.NumField() {
		f := req.Type().Field(i)
		if f.Tag.Get("body") == "json" {
			target = req.Field(i).Addr()
		} else if _, ok := f.Tag.Lookup("json"); ok {
			members = append(members, f)
		}
	}
	if !target.IsValid() {
		target = reflect.New(reflect.StructOf(members))
	}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(target.Interface()); err != nil {
		return err
	}
	for _, f := range members {
		req.FieldByIndex(f.Index).Set(target.Elem().FieldByName(f.Name))
	}
	switch _, err := d.Token(); {
	case err == nil:
		return errors.New("unexpected data after the JSON value")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

// isBadTime reports whether JSON was refused because of a time. The errors of package time do not say which form is expected.
func isBadTime(err error) bool {
	var format *time.ParseError
	return errors.As(err, &format) || strings.HasPrefix(err.Error(), "Time.UnmarshalJSON")
}

// jsonKind returns the JSON name of the values of a type.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
