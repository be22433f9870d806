// Package schema turns the tags of a struct into fields with defaults, ranges and validation, and into JSON Schema.
//
// Limits, settings and the app manifest are tagged structs. Everything about them that can be derived is derived
// here: default values, checks with the path in the message, documents, forms, flags.
//
// The tags, all optional but json:
//
//	json      name on the wire; "-" leaves the field out
//	label     short name for people
//	desc      one sentence
//	unit      bytes, ms, s, …
//	default   value when nothing is set
//	formula   in words, how the default follows from the machine; the package that owns the struct computes it
//	range     "min,max" for numbers, for the length of text, for the length of lists; either end may be empty
//	enum      "a|b|c": the values a text may have
//	pattern   regular expression a text must match
//	readonly  "true": shown, never set
//	live      "false": a change needs a restart
//	scope     "app": may be overridden per app
//	secret    "true": never shown
//	required  "true": must be present
package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"fazt/internal/errs"
)

// Field is one value of a schema: a leaf of the struct it comes from.
type Field struct {
	Path     string   // json names joined with dots: "runtime.exec_timeout"
	Label    string   // short name for people
	Desc     string   // one sentence
	Unit     string   // bytes, ms, s, …
	Type     string   // integer, number, boolean, string, array, object
	Default  string   // as written in the tag; "" = the zero value
	Formula  string   // in words, how the default follows from the machine
	Min, Max *float64 // range of a number, or of a length
	Enum     []string
	Pattern  string
	ReadOnly bool
	Restart  bool // a change needs a restart
	PerApp   bool // may be overridden per app
	Secret   bool
	Required bool

	name  string
	index []int
	match *regexp.Regexp
	typ   reflect.Type
}

// Schema is the fields of one struct type, in the order of declaration.
type Schema struct {
	typ    reflect.Type
	fields []*Field
	groups map[string]groupInfo
}

type groupInfo struct{ label, desc string }

// knownTags are the tags a field may carry; an unknown one is a mistake that New reports.
var knownTags = map[string]bool{
	"json": true, "label": true, "desc": true, "unit": true, "default": true, "range": true, "enum": true,
	"pattern": true, "formula": true, "readonly": true, "live": true, "scope": true, "secret": true, "required": true,
}

var cache sync.Map // reflect.Type -> *Schema; schemas never change once built

// Of returns the schema of struct type T. It panics if a tag is malformed: that is a bug, which the first test that
// uses the type finds.
func Of[T any]() *Schema {
	typ := reflect.TypeFor[T]()
	if s, ok := cache.Load(typ); ok {
		return s.(*Schema)
	}
	s, err := build(typ)
	if err != nil {
		panic(fmt.Sprintf("schema of %s: %v", typ, err))
	}
	actual, _ := cache.LoadOrStore(typ, s)
	return actual.(*Schema)
}

// Name returns the field's name in Go.
func (f *Field) Name() string { return f.name }

// Fields returns all values, in the order of declaration.
func (s *Schema) Fields() []*Field { return s.fields }

// Field returns the field with the given path.
func (s *Schema) Field(path string) (*Field, bool) {
	for _, f := range s.fields {
		if f.Path == path {
			return f, true
		}
	}
	return nil, false
}

func build(typ reflect.Type) (*Schema, error) {
	if typ.Kind() != reflect.Struct {
		return nil, fmt.Errorf("not a struct")
	}
	s := &Schema{typ: typ, groups: map[string]groupInfo{}}
	if err := s.add(typ, nil, ""); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Schema) add(typ reflect.Type, index []int, prefix string) error {
	for i := range typ.NumField() {
		sf := typ.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if !sf.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			return fmt.Errorf("%s has no json tag", sf.Name)
		}
		at := append(append([]int{}, index...), i)
		path := prefix + name
		if err := checkTags(string(sf.Tag)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if sf.Type.Kind() == reflect.Struct {
			s.groups[path] = groupInfo{sf.Tag.Get("label"), sf.Tag.Get("desc")}
			if err := s.add(sf.Type, at, path+"."); err != nil {
				return err
			}
			continue
		}
		f, err := newField(path, sf)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f.index = at
		s.fields = append(s.fields, f)
	}
	return nil
}

func newField(path string, sf reflect.StructField) (*Field, error) {
	tag := sf.Tag
	f := &Field{
		name: sf.Name,
		Path: path, Label: tag.Get("label"), Desc: tag.Get("desc"), Unit: tag.Get("unit"),
		Default: tag.Get("default"), Formula: tag.Get("formula"), Pattern: tag.Get("pattern"), typ: sf.Type,
		ReadOnly: tag.Get("readonly") == "true", Restart: tag.Get("live") == "false",
		PerApp: tag.Get("scope") == "app", Secret: tag.Get("secret") == "true", Required: tag.Get("required") == "true",
	}
	if f.Type = jsonType(sf.Type); f.Type == "" {
		return nil, fmt.Errorf("type %s is not supported in a schema", sf.Type)
	}
	if e := tag.Get("enum"); e != "" {
		f.Enum = strings.Split(e, "|")
	}
	var err error
	if f.Pattern != "" {
		if f.match, err = regexp.Compile(f.Pattern); err != nil {
			return nil, err
		}
	}
	if f.Min, f.Max, err = parseRange(tag.Get("range")); err != nil {
		return nil, err
	}
	if f.Default != "" {
		if err := f.set(reflect.New(sf.Type).Elem(), f.Default); err != nil {
			return nil, fmt.Errorf("default: %w", err)
		}
	}
	return f, nil
}

// checkTags rejects unknown tags: a misspelt "dafault" must not pass silently.
func checkTags(tag string) error {
	for tag = strings.TrimSpace(tag); tag != ""; tag = strings.TrimSpace(tag) {
		key, rest, ok := strings.Cut(tag, ":")
		if !ok {
			return fmt.Errorf("malformed tag %q", tag)
		}
		value, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return fmt.Errorf("malformed tag %q", tag)
		}
		if !knownTags[key] {
			return fmt.Errorf("unknown tag %q", key)
		}
		tag = rest[len(value):]
	}
	return nil
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	case reflect.String:
		return "string"
	case reflect.Pointer:
		if e := jsonType(t.Elem()); e == "boolean" || e == "integer" || e == "number" || e == "string" {
			return e
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return "array"
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String {
			return "object"
		}
	}
	return ""
}

func parseRange(text string) (lo, hi *float64, err error) {
	if text == "" {
		return nil, nil, nil
	}
	a, b, ok := strings.Cut(text, ",")
	if !ok {
		return nil, nil, fmt.Errorf("range %q is not \"min,max\"", text)
	}
	end := func(s string) *float64 {
		if s == "" || err != nil {
			return nil
		}
		var v float64
		if v, err = strconv.ParseFloat(s, 64); err != nil {
			return nil
		}
		return &v
	}
	lo, hi = end(a), end(b)
	return lo, hi, err
}

// Defaults sets every field of *v to its default, and those without one to the zero value.
func Defaults[T any]() T {
	var v T
	target := reflect.ValueOf(&v).Elem()
	for _, f := range Of[T]().fields {
		if f.Default != "" {
			_ = f.set(target.FieldByIndex(f.index), f.Default) // checked when the schema was built
		}
	}
	return v
}

// Set parses text and stores it in the field of *v with the given path, after checking it against the range.
func Set[T any](v *T, path, text string) error {
	f, ok := Of[T]().Field(path)
	if !ok {
		return errs.New(errs.Invalid, "no such name: %s", path)
	}
	if f.ReadOnly {
		return errs.New(errs.Invalid, "%s is read-only", path)
	}
	return f.set(reflect.ValueOf(v).Elem().FieldByIndex(f.index), text)
}

// Get returns the value of the field of *v with the given path, as text that Set accepts.
func Get[T any](v *T, path string) (string, bool) {
	f, ok := Of[T]().Field(path)
	if !ok {
		return "", false
	}
	return format(reflect.ValueOf(v).Elem().FieldByIndex(f.index)), true
}

func format(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		b, _ := json.Marshal(v.Interface())
		return string(b)
	}
	return fmt.Sprint(v.Interface())
}

// Validate checks every field of *v: ranges, patterns, allowed values, required ones. The message names the path.
func Validate[T any](v *T) error {
	value := reflect.ValueOf(v).Elem()
	for _, f := range Of[T]().fields {
		if err := f.check(value.FieldByIndex(f.index)); err != nil {
			return err
		}
	}
	return nil
}

func (f *Field) set(target reflect.Value, text string) error {
	v := reflect.New(f.typ).Elem()
	leaf := v
	if f.typ.Kind() == reflect.Pointer {
		v.Set(reflect.New(f.typ.Elem()))
		leaf = v.Elem()
	}
	switch leaf.Kind() {
	case reflect.Int, reflect.Int64, reflect.Int32:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || leaf.OverflowInt(n) {
			return errs.New(errs.Invalid, "%s must be a whole number, not %q", f.Path, text)
		}
		leaf.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errs.New(errs.Invalid, "%s must be a number, not %q", f.Path, text)
		}
		leaf.SetFloat(n)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errs.New(errs.Invalid, "%s must be true or false, not %q", f.Path, text)
		}
		leaf.SetBool(b)
	case reflect.String:
		leaf.SetString(text)
	default:
		if err := json.Unmarshal([]byte(text), leaf.Addr().Interface()); err != nil {
			return errs.New(errs.Invalid, "%s must be a JSON %s", f.Path, f.Type)
		}
	}
	if err := f.check(v); err != nil {
		return err
	}
	target.Set(v)
	return nil
}

func (f *Field) check(v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			if f.Required {
				return errs.New(errs.Invalid, "%s is missing", f.Path)
			}
			return nil
		}
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return f.checkText(v.String())
	case reflect.Int, reflect.Int64, reflect.Int32:
		return f.checkRange(float64(v.Int()), "")
	case reflect.Float64:
		return f.checkRange(v.Float(), "")
	case reflect.Slice, reflect.Map:
		if f.Required && v.Len() == 0 {
			return errs.New(errs.Invalid, "%s is missing", f.Path)
		}
		return f.checkRange(float64(v.Len()), " entries")
	}
	return nil
}

func (f *Field) checkText(s string) error {
	if s == "" {
		if f.Required {
			return errs.New(errs.Invalid, "%s is missing", f.Path)
		}
		return nil
	}
	if f.match != nil && !f.match.MatchString(s) {
		return errs.New(errs.Invalid, "%s: %q does not have the form %s", f.Path, s, f.Pattern)
	}
	if len(f.Enum) > 0 && !contains(f.Enum, s) {
		return errs.New(errs.Invalid, "%s must be one of %s, not %q", f.Path, strings.Join(f.Enum, ", "), s)
	}
	return f.checkRange(float64(len([]rune(s))), " characters")
}

func (f *Field) checkRange(n float64, of string) error {
	if f.Min != nil && n < *f.Min {
		return errs.New(errs.Invalid, "%s must be at least %s", f.Path, f.bound(*f.Min, of))
	}
	if f.Max != nil && n > *f.Max {
		return errs.New(errs.Invalid, "%s must be at most %s", f.Path, f.bound(*f.Max, of))
	}
	return nil
}

// bound formats an end of the range for lists: "5 min".
func (f *Field) bound(n float64, of string) string {
	if of == "" && f.Unit != "" && n == math.Trunc(n) {
		return Quantity(f.Unit, int64(n))
	}
	return number(n) + of
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
