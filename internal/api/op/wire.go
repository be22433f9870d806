package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/limitio"
)

const (
	maxReadable  = 64 << 20 // what a client reads of a response; a page of the longest list takes a few MB
	maxAhead     = 4 << 20  // the largest buffer a client allocates because of a Content-Length
	maxErrorBody = 64 << 10 // what a client reads of a response without the envelope
)

// UnknownOperation is the error code of a server that does not have the operation.
const UnknownOperation = "UNKNOWN_OPERATION"

// failed is the envelope of an error. All other responses have data, and pages of lists have meta.
type failed struct {
	Error *Failure `json:"error"`
}

// Meta accompanies the data of a page.
type Meta struct {
	Next string `json:"next,omitempty"` // cursor of the next page
}

// Failure is an error on the wire.
type Failure struct {
	Code      string          `json:"code"`
	Message   string          `json:"message"`
	Details   json.RawMessage `json:"details,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
}

// place is a field of a request outside the JSON body, and where it travels.
type place struct {
	kind, name string
	value      reflect.Value
	label      string // its name in messages
}

// places lists the fields of a request outside its JSON body, embedded structs included.
func places(v reflect.Value) []place {
	var list []place
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
			list = append(list, places(v.Field(i))...)
			continue
		}
		for _, kind := range []string{"path", "query", "body", "form", "header"} {
			if name, ok := sf.Tag.Lookup(kind); ok {
				list = append(list, place{kind: kind, name: name, value: v.Field(i), label: "query parameter"})
			}
		}
	}
	return list
}

// NewRequest writes req as an HTTP request to base, such as "https://admin.example.com".
func (o Op[Req, Res]) NewRequest(ctx context.Context, base string, req Req) (*http.Request, error) {
	return o.Spec.newRequest(ctx, base, req)
}

func (s Spec) newRequest(ctx context.Context, base string, req any) (*http.Request, error) {
	path, query := s.Path, url.Values{}
	var body io.Reader
	contentType, header := "application/octet-stream", map[string]string{}
	for _, p := range places(reflect.ValueOf(req)) {
		switch p.kind {
		case "path":
			part, err := pathPart(p)
			if err != nil {
				return nil, err
			}
			path = strings.Replace(path, "{"+p.name+"}", part, 1)
		case "query":
			addQuery(query, p)
		case "body":
			if p.name == "stream" {
				body, _ = p.value.Interface().(io.Reader)
			}
		case "header":
			header[p.name] = p.value.String()
		}
	}
	if hasForm(s.Req) {
		body, contentType = newForm(reflect.ValueOf(req))
	}
	if hasJSON(s.Req) {
		data, err := json.Marshal(onlyJSON(req))
		if err != nil {
			return nil, err
		}
		body, contentType = bytes.NewReader(data), "application/json"
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, s.Method, base+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Accept", "application/json")
	for name, value := range header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r, nil
}

// pathPart escapes a value for a path. An empty value, or one with a meaning in paths, would select another operation or
// to none.
func pathPart(p place) (string, error) {
	switch value := p.value.String(); value {
	case "":
		return "", errs.New(errs.Invalid, "%s must not be empty", p.name)
	case ".", "..":
		return "", errs.New(errs.Invalid, "%q is not a valid %s", value, p.name)
	default:
		return url.PathEscape(value), nil
	}
}

func addQuery(query url.Values, p place) {
	switch p.value.Kind() {
	case reflect.Slice:
		for i := range p.value.Len() {
			query.Add(p.name, p.value.Index(i).String())
		}
	case reflect.Pointer: // 0 differs from absent
		if !p.value.IsNil() {
			query.Set(p.name, fmt.Sprint(p.value.Elem().Interface()))
		}
	default:
		if !p.value.IsZero() {
			query.Set(p.name, fmt.Sprint(p.value.Interface()))
		}
	}
}

// Parse reads a request on the server.
func (o Op[Req, Res]) Parse(w http.ResponseWriter, r *http.Request) (req Req, err error) {
	err = o.Spec.parse(w, r, &req)
	return req, err
}

// parse fills the request that req points to.
func (s Spec) parse(w http.ResponseWriter, r *http.Request, req any) error {
	if hasJSON(s.Req) {
		if err := s.parseJSON(w, r, req); err != nil {
			return err
		}
	}
	if hasForm(s.Req) {
		if err := parseForm(r, reflect.ValueOf(req).Elem()); err != nil {
			return err
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // r.URL.Query drops what it cannot parse; a dropped filter would select everything
		return errs.Wrap(errs.Invalid, err, "the query cannot be parsed: %v", err)
	}
	known := map[string]bool{}
	for _, p := range places(reflect.ValueOf(req).Elem()) {
		switch p.kind {
		case "path":
			p.value.SetString(r.PathValue(p.name))
		case "query":
			known[p.name] = true
			if err := setQuery(p, query[p.name]); err != nil {
				return err
			}
		case "header":
			p.value.SetString(r.Header.Get(p.name))
		case "body":
			if p.name == "stream" {
				p.value.Set(reflect.ValueOf(io.Reader(r.Body)))
			}
		}
	}
	for name := range query {
		if !known[name] {
			return errs.New(errs.Invalid, "unknown query parameter %q; the server may be older than the client", name)
		}
	}
	return nil
}

func setQuery(p place, values []string) error {
	if len(values) == 0 {
		return nil
	}
	bad := func(want string) error {
		return errs.New(errs.Invalid, "%s %s must be %s, not %q", p.label, p.name, want, values[0])
	}
	switch p.value.Kind() {
	case reflect.Pointer:
		p.value.Set(reflect.New(p.value.Type().Elem()))
		p.value = p.value.Elem()
		return setQuery(p, values)
	case reflect.Slice:
		p.value.Set(reflect.ValueOf(values))
		return nil
	case reflect.Int:
		n, err := strconv.Atoi(values[0])
		if err != nil {
			return bad("a whole number")
		}
		p.value.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(values[0])
		if err != nil {
			return bad("true or false")
		}
		p.value.SetBool(b)
	default:
		p.value.SetString(values[0])
	}
	if len(values) > 1 {
		return errs.New(errs.Invalid, "%s %s is given twice", p.label, p.name)
	}
	return nil
}

// pager is a Page of any type.
type pager interface {
	page() (items any, next string)
}

func (p Page[T]) page() (any, string) {
	if p.Items == nil {
		p.Items = []T{}
	}
	return p.Items, p.Next
}

// WriteResult writes the response of a successful operation.
func (s Spec) WriteResult(w http.ResponseWriter, result any) error {
	var meta Meta
	if p, ok := result.(pager); ok {
		result, meta.Next = p.page()
	}
	if v := reflect.ValueOf(result); v.Kind() == reflect.Slice && v.IsNil() {
		result = []struct{}{}
	}
	// The envelope is written by hand: encoding it together with the data would copy the data once more.
	var out bytes.Buffer
	encode := json.NewEncoder(&out).Encode
	if s.Bare {
		if err := encode(result); err != nil {
			return err
		}
	} else {
		out.WriteString(`{"data":`)
		if err := encode(result); err != nil {
			return err
		}
		out.Truncate(out.Len() - 1) // the line feed
		if meta.Next != "" {
			out.WriteString(`,"meta":`)
			_ = encode(meta) // a string cannot fail
			out.Truncate(out.Len() - 1)
		}
		out.WriteString("}\n")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(out.Bytes())
	return err
}

// WriteError writes an error as a response, with its sentence but never its cause.
func WriteError(w http.ResponseWriter, err error, requestID string) {
	f := Failure{Code: errs.Code(err), Message: errs.Sentence(err), RequestID: requestID}
	if details := errs.Details(err); details != nil {
		f.Details, _ = json.Marshal(details)
	}
	data, _ := json.Marshal(failed{&f})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if wait := errs.RetryAfterHeader(err); wait != "" {
		w.Header().Set("Retry-After", wait)
	}
	if errs.Is(err, errs.TooLarge) {
		w.Header().Set("Connection", "close") // otherwise net/http would read another 256 KiB before it responds
	}
	w.WriteHeader(errs.KindOf(err).HTTPStatus())
	_, _ = w.Write(append(data, '\n'))
}

// Decode reads a response on the client and rebuilds the error of the server. It closes the body unless the result is a
// Stream.
func (o Op[Req, Res]) Decode(resp *http.Response) (res Res, err error) {
	err = o.Spec.decode(resp, &res)
	return res, err
}

// decode fills the response that res points to.
func (s Spec) decode(resp *http.Response, res any) (err error) {
	if stream, ok := res.(*Stream); ok && resp.StatusCode < 300 {
		*stream, err = s.decodeStream(resp)
		return err
	}
	defer resp.Body.Close()
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxErrorBody))
		return errs.New(errs.Unsupported, "no Fazt API at that address, or another version of it (HTTP %d)", resp.StatusCode)
	}
	data, err := readBody(resp)
	switch {
	case errors.Is(err, limitio.ErrTooLong):
		return errs.New(errs.Unsupported, "the response is larger than %d MB; it is not from Fazt", maxReadable>>20)
	case err != nil:
		return errs.Wrap(errs.Unavailable, err, "the response was cut off")
	}
	if s.Bare && resp.StatusCode < 300 {
		return errs.Wrap(errs.Unsupported, json.Unmarshal(data, res), "the response cannot be read; the server may be another version of Fazt")
	}
	target, next := res, new(string)
	if p, ok := res.(interface{ items() (any, *string) }); ok {
		target, next = p.items()
	}
	// Data is decoded in place, so that a long list is read once. The pointer stays nil if there is none.
	found := reflect.New(reflect.TypeOf(target))
	e := struct {
		Data  any      `json:"data"`
		Meta  Meta     `json:"meta"`
		Error *Failure `json:"error"`
	}{Data: found.Interface()}
	err = json.Unmarshal(data, &e)
	if err == nil && e.Error == nil && resp.StatusCode < 300 && found.Elem().IsNil() {
		err = errors.New("no data")
	}
	switch {
	case err != nil:
		return errs.Wrap(errs.Unsupported, err, "the response cannot be read; the server may be another version of Fazt")
	case e.Error != nil:
		return e.Error.rebuild(s.Name, resp.StatusCode)
	case resp.StatusCode >= 300:
		return errs.New(errs.Internal, "the server responded with HTTP %d", resp.StatusCode)
	}
	reflect.ValueOf(target).Elem().Set(found.Elem().Elem())
	*next = e.Meta.Next
	return nil
}

// readBody reads the body of a response. A buffer of the announced size saves copying a long list as it grows.
func readBody(resp *http.Response) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(resp.ContentLength, 0), maxAhead)) + bytes.MinRead)
	_, err := b.ReadFrom(limitio.Max(resp.Body, maxReadable, limitio.ErrTooLong))
	return b.Bytes(), err
}

func (p *Page[T]) items() (any, *string) { return &p.Items, &p.Next }

// kindOfStatus returns the kind of error that an HTTP status stands for.
func kindOfStatus(status int) errs.Kind {
	for _, k := range errs.Kinds() {
		if k.HTTPStatus() == status {
			return k
		}
	}
	return errs.Internal
}

// rebuild returns the error as it was on the server.
func (f *Failure) rebuild(operation string, status int) error {
	if f.Code == UnknownOperation {
		return &errs.Error{Kind: errs.Unsupported, Code: f.Code, Message: fmt.Sprintf("the instance does not know the operation %s; use the same version of Fazt on both sides", operation)}
	}
	kind := errs.KindOfCode(f.Code)
	if kind.Code() != f.Code { // a specific code, or one of a newer server: the status tells the kind
		kind = kindOfStatus(status)
	}
	e := &errs.Error{Kind: kind, Message: f.Message}
	if kind.Code() != f.Code {
		e.Code = f.Code
	}
	if kind == errs.Internal && f.RequestID != "" {
		e.Message = fmt.Sprintf("%s (request %s; the server's log says more)", f.Message, f.RequestID)
	}
	if len(f.Details) > 0 {
		e.Details = f.Details
	}
	return e
}
