package op

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"
	"time"

	"fazt/internal/errs"
)

// Document returns the control API as an OpenAPI 3.1 document. It depends only on the table of operations.
func Document() []byte {
	g := &generator{schemas: map[string]any{}}
	paths := map[string]any{}
	for _, s := range All() {
		item, _ := paths[s.Path].(map[string]any)
		if item == nil {
			item = map[string]any{}
			paths[s.Path] = item
		}
		item[strings.ToLower(s.Method)] = g.operation(s)
	}
	g.schemas["Error"] = errorSchema()
	data, err := json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title":       "Fazt control API",
			"version":     "1",
			"description": "Served on the admin host and on the socket next to the database. Generated from the operation table; make golden regenerates it.",
		},
		"paths": paths,
		"components": map[string]any{"schemas": g.schemas, "securitySchemes": map[string]any{"key": map[string]any{
			"type": "http", "scheme": "bearer", "description": "An API key, created with `fazt key create`. The x-access of an operation is the scope it needs.",
		}}},
		"security": []any{map[string]any{"key": []string{}}},
	}, "", "  ")
	if err != nil {
		panic(err) // it consists of maps, slices and strings
	}
	return append(data, '\n')
}

type generator struct{ schemas map[string]any }

func (g *generator) operation(s Spec) map[string]any {
	o := map[string]any{
		"operationId": s.Name,
		"summary":     s.Doc,
		"tags":        []string{s.Tag()},
		"x-access":    s.Access.String(),
		"responses": map[string]any{
			"200":     map[string]any{"description": "Done.", "content": g.content(s)},
			"default": map[string]any{"description": "Refused or failed.", "content": jsonContent(ref("Error"))},
		},
	}
	if hasForm(s.Req) {
		o["requestBody"] = map[string]any{"required": true, "content": map[string]any{
			"multipart/form-data": map[string]any{"schema": g.form(s.Req)},
		}}
	}
	if s.Access == Anyone {
		o["security"] = []any{}
	}
	var parameters []any
	if s.Repeats() {
		parameters = append(parameters, map[string]any{
			"name": "Idempotency-Key", "in": "header", "required": false, "schema": map[string]any{"type": "string", "minLength": 8, "maxLength": 200},
			"description": "A string that no other request uses. If the request is sent again with the same key, it is not carried out again; the response is that of the first.",
		})
	}
	for _, f := range fields(s.Req) {
		for _, in := range []string{"path", "query", "header"} {
			if name, ok := f.Tag.Lookup(in); ok {
				parameters = append(parameters, map[string]any{
					"name": name, "in": in, "required": in == "path", "description": f.Tag.Get("desc"), "schema": g.text(f.Type),
				})
			}
		}
		if f.Tag.Get("body") == "json" {
			o["requestBody"] = map[string]any{"required": true, "description": f.Tag.Get("desc"), "content": jsonContent(g.schema(f.Type))}
		}
		if f.Tag.Get("body") == "stream" {
			o["requestBody"] = map[string]any{"required": true, "description": f.Tag.Get("desc"), "content": map[string]any{
				"application/octet-stream": map[string]any{},
			}}
		}
	}
	if parameters != nil {
		o["parameters"] = parameters
	}
	if hasJSON(s.Req) && o["requestBody"] == nil {
		body := g.object(s.Req)
		body["additionalProperties"] = false // the decoder refuses them
		o["requestBody"] = map[string]any{"required": true, "content": jsonContent(body)}
	}
	return o
}

// content describes the body of a response.
func (g *generator) content(s Spec) map[string]any {
	if s.Res == reflect.TypeFor[Stream]() {
		return map[string]any{s.Media: map[string]any{}}
	}
	return jsonContent(g.result(s))
}

// form returns the schema of a form. Fields that are not pointers are required.
func (g *generator) form(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fields(t) {
		name := f.Tag.Get("form")
		p := g.text(f.Type)
		if f.Type == reflect.TypeFor[io.Reader]() {
			p = map[string]any{"type": "string", "format": "binary"}
		}
		if f.Type.Kind() != reflect.Pointer {
			required = append(required, name)
		}
		p["description"] = f.Tag.Get("desc")
		properties[name] = p
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}

// text returns the schema of a value that travels as text. A pointer may be absent, but no text means null.
func (g *generator) text(t reflect.Type) map[string]any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return g.schema(t)
}

// result returns the schema of a response: the envelope around the data, unless the response is a bare document.
func (g *generator) result(s Spec) map[string]any {
	if s.Bare {
		return map[string]any{"type": "object"}
	}
	properties := map[string]any{}
	data := s.Res
	if strings.HasPrefix(data.Name(), "Page[") {
		items, _ := data.FieldByName("Items")
		properties["meta"] = map[string]any{"type": "object", "properties": map[string]any{
			"next": map[string]any{"type": "string", "description": "cursor of the next page; absent on the last one"},
		}}
		data = items.Type
	}
	properties["data"] = g.schema(data)
	return map[string]any{"type": "object", "properties": properties, "required": []string{"data"}}
}

func (g *generator) schema(t reflect.Type) map[string]any {
	switch {
	case t.Kind() == reflect.Pointer: // before the interfaces that it has from what it points to
		return map[string]any{"anyOf": []any{g.schema(t.Elem()), map[string]any{"type": "null"}}}
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[io.Reader](), t == reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	case t.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.schema(t.Elem())}
	case reflect.Struct:
		return g.named(t)
	}
	panic(fmt.Sprintf("op: type %s has no place in the API", t))
}

// named adds the schema of a struct to the components and returns a reference to it.
func (g *generator) named(t reflect.Type) map[string]any {
	pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	name := t.Name()
	if pkg != "op" {
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	if _, known := g.schemas[name]; !known {
		g.schemas[name] = nil // types may refer to themselves
		g.schemas[name] = g.object(t)
	}
	return ref(name)
}

func (g *generator) object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for _, f := range fields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := g.schema(f.Type)
		if desc := f.Tag.Get("desc"); desc != "" {
			p["description"] = desc
		}
		properties[name] = p
	}
	return map[string]any{"type": "object", "properties": properties}
}

// fields returns the exported fields of a struct, including those of embedded structs.
func fields(t reflect.Type) []reflect.StructField {
	var list []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			list = append(list, fields(f.Type)...)
		} else if f.IsExported() {
			list = append(list, f)
		}
	}
	return list
}

func ref(name string) map[string]any {
	return map[string]any{"$ref": "#/components/schemas/" + name}
}

func jsonContent(schema map[string]any) map[string]any {
	return map[string]any{"application/json": map[string]any{"schema": schema}}
}

func errorSchema() map[string]any {
	var codes []string
	for _, k := range errs.Kinds() {
		codes = append(codes, k.Code())
	}
	sort.Strings(codes)
	text := map[string]any{"type": "string"}
	return map[string]any{"type": "object", "required": []string{"error"}, "properties": map[string]any{
		"error": map[string]any{"type": "object", "required": []string{"code", "message"}, "properties": map[string]any{
			"code":       map[string]any{"type": "string", "examples": codes},
			"message":    text,
			"details":    map[string]any{},
			"request_id": text,
		}},
	}}
}
