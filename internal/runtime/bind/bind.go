// Package bind declares the JavaScript functions of the product, each once. Installation, argument checks, type
// declarations and the reference all derive from the declaration.
package bind

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"fazt/internal/errs"
)

// Call describes the invocation that calls a function.
type Call struct {
	Context    context.Context // ends with the invocation; carries its Budget
	AppID      string
	AppName    string
	Deployment string // the running deployment
	User       string // "" if not signed in
	RequestID  string
	Version    string // the product's version
	Memory     Memory // of the invocation
}

// Memory counts what a function holds outside the VM. A function that holds much charges it before it is allocated.
type Memory interface {
	// Charge counts n bytes. It waits a moment for room; an error says that there is none.
	Charge(n int64) error
	// Uncharge gives back n bytes that were charged.
	Uncharge(n int64)
}

// Func is one declared function, constant or asynchronous function.
type Func struct {
	Name     string
	Doc      string
	Async    bool // runs outside the VM and returns a promise
	Constant bool // a property, not a function
	Blocks   bool // waits for the disk: others may use the processor in the meantime
	Paged    bool // the result is a list that may have more pages
	Params   []Param
	Result   string // TypeScript type

	script string // the whole signature, if the prelude itself defines the function

	run func(c *Call, args []json.RawMessage) (json.RawMessage, error)
}

// Param is one positional parameter.
type Param struct {
	Name     string
	Doc      string
	Type     string // TypeScript type
	Optional bool
}

// Namespace is a group of functions at a path such as "fazt.app.kv".
type Namespace struct {
	Path    string
	Doc     string
	Members []Func
}

// Fn declares a function. The fields of Args are its positional parameters, in order: tag js gives the name, doc the
// description, ts a TypeScript type where the Go type is not specific enough, and optional:"true" makes it optional. The
// result of type R is returned as JSON; a nil *R becomes undefined.
func Fn[Args, R any](name, doc string, fn func(c *Call, args Args) (R, error)) Func {
	f := Func{Name: name, Doc: doc, Params: params(reflect.TypeFor[Args]()), Result: tsType(reflect.TypeFor[R]())}
	f.run = func(c *Call, raw []json.RawMessage) (json.RawMessage, error) {
		var args Args
		if err := f.decode(reflect.ValueOf(&args).Elem(), raw); err != nil {
			return nil, err
		}
		result, err := fn(c, args)
		if err != nil {
			return nil, err
		}
		return encode(result)
	}
	return f
}

// Async declares a function that returns a promise and runs outside the VM.
func Async[Args, R any](name, doc string, fn func(c *Call, args Args) (R, error)) Func {
	f := Fn(name, doc, fn)
	f.Async = true
	f.Result = "Promise<" + f.Result + ">"
	return f
}

// Value declares a property that is constant during an invocation.
func Value[R any](name, doc string, fn func(c *Call) R) Func {
	f := Fn(name, doc, func(c *Call, _ struct{}) (R, error) { return fn(c), nil })
	f.Constant = true
	return f
}

// Script declares a function that the prelude defines: only its documentation derives from this.
func Script(signature, doc string) Func {
	name, _, _ := strings.Cut(signature, "(")
	return Func{Name: name, Doc: doc, script: signature}
}

// Installed reports whether the host installs the function.
func (f *Func) Installed() bool { return f.run != nil }

// Returns sets the TypeScript type of the result where the Go type is not specific enough.
func (f Func) Returns(ts string) Func {
	f.Result = ts
	if f.Async {
		f.Result = "Promise<" + ts + ">"
	}
	return f
}

// Waits declares that the function waits for the disk.
func (f Func) Waits() Func {
	f.Blocks = true
	return f
}

// Pages declares that the result is {"$entries": […], "cursor": "…"}: in JavaScript, an array with a cursor property.
func (f Func) Pages() Func {
	f.Paged = true
	return f
}

// Run calls the function with its arguments as a JSON array. A nil result is undefined.
func (f *Func) Run(c *Call, arguments string) (json.RawMessage, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(arguments), &raw); err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s: invalid arguments", f.Name)
	}
	return f.run(c, raw)
}

func encode(v any) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	if rv := reflect.ValueOf(v); !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil, nil
	}
	if _, none := v.(struct{}); none {
		return nil, nil
	}
	return json.Marshal(v)
}

func params(t reflect.Type) []Param {
	var list []Param
	for i := range t.NumField() {
		f := t.Field(i)
		p := Param{Name: f.Tag.Get("js"), Doc: f.Tag.Get("doc"), Type: f.Tag.Get("ts"), Optional: f.Tag.Get("optional") == "true"}
		if p.Type == "" {
			p.Type = tsType(f.Type)
		}
		list = append(list, p)
	}
	return list
}

// decode checks the arguments one by one; the error names the function, the parameter and the expected type.
func (f *Func) decode(args reflect.Value, raw []json.RawMessage) error {
	if len(raw) > len(f.Params) {
		raw = raw[:len(f.Params)] // as JavaScript does
	}
	for i, p := range f.Params {
		missing := i >= len(raw) || string(raw[i]) == "null"
		field := args.Field(i)
		if field.Type() == reflect.TypeFor[json.RawMessage]() {
			switch {
			case i < len(raw):
				field.SetBytes(raw[i])
			case p.Optional:
				field.SetBytes([]byte("null"))
			default:
				return errs.New(errs.Invalid, "%s: %s is missing", f.Name, p.Name)
			}
			continue
		}
		if missing {
			if !p.Optional {
				return errs.New(errs.Invalid, "%s: %s is missing; it must be %s", f.Name, p.Name, p.Type)
			}
			continue
		}
		if err := decodeOne(field, raw[i]); err != nil {
			if refused := (*errs.Error)(nil); errors.As(err, &refused) { // by the type of a member
				return errs.New(refused.Kind, "%s: %s", f.Name, refused.Message)
			}
			return errs.Wrap(errs.Invalid, err, "%s: %s must be %s", f.Name, p.Name, p.Type)
		}
	}
	return nil
}

// decodeOne decodes one argument, without the buffer of a decoder if it cannot have unknown fields: most are keys.
func decodeOne(field reflect.Value, raw json.RawMessage) error {
	if field.Kind() == reflect.String {
		return json.Unmarshal(raw, field.Addr().Interface())
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(field.Addr().Interface())
}

// tsType returns the TypeScript type of a Go type's JSON.
func tsType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "any"
	case t.Kind() == reflect.Pointer:
		return tsType(t.Elem()) + " | undefined"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "number"
	case t.Kind() == reflect.Interface:
		return "any"
	case t.Kind() == reflect.Map:
		return "{ [name: string]: " + tsType(t.Elem()) + " }"
	case t.Kind() == reflect.Slice:
		return tsType(t.Elem()) + "[]"
	case t.Kind() == reflect.Struct && t.NumField() == 0:
		return "void"
	case t.Kind() == reflect.Struct:
		var parts []string
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if strings.Contains(options, "omit") || t.Field(i).Tag.Get("optional") == "true" {
				name += "?"
			}
			parts = append(parts, name+": "+tsType(t.Field(i).Type))
		}
		return "{ " + strings.Join(parts, "; ") + " }"
	}
	panic(fmt.Sprintf("bind: type %s has no JavaScript equivalent", t))
}
