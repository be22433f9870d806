package op

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

// document is the OpenAPI document as a client reads it.
type document struct {
	Paths      map[string]map[string]described `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type described struct {
	OperationID string `json:"operationId"`
	Access      string `json:"x-access"`
	Security    *[]any `json:"security"`
	Parameters  []struct {
		Name, In string
		Required bool
		Schema   schema
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`
}

type media struct{ Schema schema }

type schema = map[string]any

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(Document(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// faults returns where a JSON value differs from a schema. All members of an object must be described; if full is set, all
// described members must be there.
func (d document) faults(s schema, v any, at string, full bool) (list []string) {
	if name, ok := s["$ref"].(string); ok {
		return d.faults(d.Components.Schemas[strings.TrimPrefix(name, "#/components/schemas/")], v, at, full)
	}
	if options, ok := s["anyOf"].([]any); ok {
		for _, o := range options {
			if list = d.faults(o.(schema), v, at, full); len(list) == 0 || v != nil && o.(schema)["type"] != "null" { // it was made by Document
				return list
			}
		}
		return list
	}
	bad := func(want string) []string { return []string{fmt.Sprintf("%s is %v, not %s", at, v, want)} }
	switch s["type"] {
	case nil: // anything
	case "string":
		text, ok := v.(string)
		if !ok {
			return bad("a string")
		}
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil && s["format"] == "date-time" {
			return bad("a time")
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			return bad("a boolean")
		}
	case "integer":
		if n, ok := v.(float64); !ok || n != float64(int64(n)) {
			return bad("an integer")
		}
	case "number":
		if _, ok := v.(float64); !ok {
			return bad("a number")
		}
	case "null":
		if v != nil {
			return bad("null")
		}
	case "array":
		items, ok := v.([]any)
		if !ok {
			return bad("an array")
		}
		for i, item := range items {
			list = append(list, d.faults(s["items"].(schema), item, fmt.Sprintf("%s[%d]", at, i), full)...) // as above
		}
	case "object":
		members, ok := v.(map[string]any)
		if !ok {
			return bad("an object")
		}
		properties, _ := s["properties"].(schema)
		every, _ := s["additionalProperties"].(schema)
		for name, member := range members {
			of, ok := properties[name].(schema)
			switch {
			case ok:
				list = append(list, d.faults(of, member, at+"."+name, full)...)
			case every != nil:
				list = append(list, d.faults(every, member, at+"."+name, full)...)
			case s["properties"] != nil:
				list = append(list, at+"."+name+" is not described")
			}
		}
		for name := range properties {
			if _, ok := members[name]; !ok && full {
				list = append(list, at+"."+name+" is described and not there")
			}
		}
	default:
		list = bad(fmt.Sprint("of the type ", s["type"]))
	}
	return list
}

func TestTheDocumentDescribesEveryOperationAsItIs(t *testing.T) {
	d := readDocument(t)
	n := 0
	for _, item := range d.Paths {
		n += len(item)
	}
	if n != len(All()) {
		t.Errorf("%d operations are described, there are %d", n, len(All()))
	}
	for _, s := range All() {
		o := d.Paths[s.Path][strings.ToLower(s.Method)]
		if o.OperationID != s.Name || o.Access != s.Access.String() || (s.Access == Anyone) != (o.Security != nil && len(*o.Security) == 0) {
			t.Errorf("%s: %+v", s.Name, o)
		}
		want := map[string]bool{}
		for _, p := range places(reflect.New(s.Req).Elem()) {
			if p.kind != "body" && p.kind != "form" {
				want[p.kind+" "+p.name] = p.kind == "path"
			}
		}
		if s.Repeats() {
			want["header Idempotency-Key"] = false
		}
		got := map[string]bool{}
		for _, p := range o.Parameters {
			got[p.In+" "+p.Name] = p.Required
			if p.Schema["anyOf"] != nil {
				t.Errorf("%s: the parameter %s may be null, which no text means", s.Name, p.Name)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: parameters %v, want %v", s.Name, got, want)
		}
		if hasBody := hasJSON(s.Req) || hasForm(s.Req) || s.Name == "upload.send"; hasBody != (o.RequestBody != nil) {
			t.Errorf("%s: a body is described: %v", s.Name, o.RequestBody != nil)
		}
	}
}

func TestTheClientSendsWhatTheDocumentSays(t *testing.T) {
	d := readDocument(t)
	for _, s := range All() {
		if !hasJSON(s.Req) {
			continue
		}
		r, err := s.newRequest(context.Background(), "http://h", filled(s.Req).Interface())
		if err != nil {
			t.Fatal(err)
		}
		var body any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		of := d.Paths[s.Path][strings.ToLower(s.Method)].RequestBody.Content["application/json"].Schema
		for _, fault := range d.faults(of, body, s.Name, true) {
			t.Error(fault)
		}
		if of["properties"] != nil && of["additionalProperties"] != false {
			t.Errorf("%s: the document allows members that the decoder refuses", s.Name)
		}
	}
}

func TestTheServerSendsWhatTheDocumentSays(t *testing.T) {
	d := readDocument(t)
	for _, s := range All() {
		content := d.Paths[s.Path][strings.ToLower(s.Method)].Responses["200"].Content
		if s.Res == reflect.TypeFor[Stream]() {
			if _, ok := content[s.Media]; !ok || len(content) != 1 {
				t.Errorf("%s sends %s, described as %v", s.Name, s.Media, content)
			}
			continue
		}
		w := httptest.NewRecorder()
		if err := s.WriteResult(w, filled(s.Res).Interface()); err != nil {
			t.Fatal(err)
		}
		var response any
		if err := json.Unmarshal(w.Body.Bytes(), &response); err != nil {
			t.Fatal(err)
		}
		for _, fault := range d.faults(content["application/json"].Schema, response, s.Name, true) {
			t.Error(fault)
		}
	}
	w := httptest.NewRecorder()
	WriteError(w, (&errs.Error{Kind: errs.Conflict, Message: "taken"}).WithDetails(1), "req1")
	var failure any
	if err := json.Unmarshal(w.Body.Bytes(), &failure); err != nil {
		t.Fatal(err)
	}
	for _, fault := range d.faults(schema{"$ref": "#/components/schemas/Error"}, failure, "error", true) {
		t.Error(fault)
	}
}

// wrong has a value of every JSON type.
var wrong = map[string]any{"string": "text", "boolean": true, "integer": 7, "array": []any{}, "object": map[string]any{}}

// The decoder refuses every value that the document does not allow, names the member, and takes every one that it allows.
func TestTheDecoderRefusesWhatTheDocumentDoesNotAllow(t *testing.T) {
	d := readDocument(t)
	for _, s := range All() {
		if !hasJSON(s.Req) || wholeBody(s.Req) {
			continue
		}
		properties := d.Paths[s.Path][strings.ToLower(s.Method)].RequestBody.Content["application/json"].Schema["properties"].(schema) // it was made by Document
		for member, of := range properties {
			fits := regexp.MustCompile("^invalid request for " + s.Name + ": (" + member + "|a time) must be ")
			for _, kind := range slices.Sorted(maps.Keys(wrong)) {
				r, err := s.newRequest(context.Background(), "http://h", named(s.Req).Interface())
				if err != nil {
					t.Fatal(err)
				}
				text, _ := json.Marshal(map[string]any{member: wrong[kind]})
				r.Body = io.NopCloser(strings.NewReader(string(text)))
				_, err = read(t, s, r)
				var value any
				_ = json.Unmarshal(text, &value)
				allowed := len(d.faults(of.(schema), value.(map[string]any)[member], member, false)) == 0 // the same
				switch {
				case allowed && err != nil:
					t.Errorf("%s: %s is described and refused: %v", s.Name, text, err)
				case !allowed && (!errs.Is(err, errs.Invalid) || !fits.MatchString(err.Error())):
					t.Errorf("%s: %s is not described; got %v", s.Name, text, err)
				}
			}
		}
	}
}
