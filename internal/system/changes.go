package system

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/schema"
)

// The nouns for values with paths, in messages.
const (
	limit   = "limit"
	setting = "setting"
)

// change is a new value for one path; nil = reset to the default.
type change struct {
	path  string
	value *string // canonical text
}

// parseChanges parses new values from the wire: nested in groups, with dotted paths, or both. Numbers may be strings
// with a unit, lists may be comma-separated strings; null resets. Every value is checked against its type and range;
// the changes are returned sorted by path.
func parseChanges[T any](noun string, values map[string]json.RawMessage) ([]change, error) {
	all := map[string]*string{}
	if err := collect[T](noun, "", values, all); err != nil {
		return nil, err
	}
	list := make([]change, 0, len(all))
	for _, path := range slices.Sorted(maps.Keys(all)) {
		list = append(list, change{path, all[path]})
	}
	if len(list) == 0 {
		return nil, errs.New(errs.Invalid, "no %s given", noun)
	}
	return list, nil
}

func collect[T any](noun, prefix string, values map[string]json.RawMessage, into map[string]*string) error {
	s := schema.Of[T]()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path, raw := prefix+name, values[name]
		var inner map[string]json.RawMessage
		if s.IsGroup(path) && json.Unmarshal(raw, &inner) == nil && inner != nil {
			if err := collect[T](noun, path+".", inner, into); err != nil {
				return err
			}
			continue
		}
		f, err := s.Lookup(noun, path)
		if err != nil {
			return err
		}
		if _, twice := into[path]; twice {
			return errs.New(errs.Invalid, "%s is given more than once", path)
		}
		if f.ReadOnly {
			return errs.New(errs.Invalid, "%s is read-only", path)
		}
		if into[path], err = valueOf[T](f, raw); err != nil {
			return err
		}
	}
	return nil
}

// valueOf returns a value from the wire as the canonical text of its field; nil for null.
func valueOf[T any](f *schema.Field, raw json.RawMessage) (*string, error) {
	text := strings.TrimSpace(string(raw))
	if text == "null" {
		return nil, nil
	}
	var typed string
	if json.Unmarshal(raw, &typed) == nil {
		var err error
		if text, err = fromText(f, typed); err != nil {
			return nil, err
		}
	} else if f.Type == "string" || strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") && f.Type != "array" {
		return nil, errs.New(errs.Invalid, "%s must be %s", f.Path, article(f.Type))
	}
	return canonical[T](f, text)
}

func article(kind string) string {
	switch kind {
	case "integer":
		return "a whole number"
	case "string":
		return "a text"
	case "array":
		return "a list"
	}
	return "a " + kind
}

// fromText converts text typed by a person to the text that package schema accepts for the field.
func fromText(f *schema.Field, typed string) (string, error) {
	switch f.Type {
	case "integer":
		n, err := schema.ParseQuantity(f.Path, f.Unit, typed)
		if err != nil {
			return "", err
		}
		return jsonText(n), nil
	case "array":
		if strings.HasPrefix(strings.TrimSpace(typed), "[") && json.Valid([]byte(typed)) { // "[::]:80" is not JSON
			return typed, nil
		}
		list := []string{}
		for _, entry := range strings.Split(typed, ",") {
			if entry = strings.TrimSpace(entry); entry != "" {
				list = append(list, entry)
			}
		}
		return jsonText(list), nil
	}
	return typed, nil
}

// canonical checks a text against the field and returns its stored form.
func canonical[T any](f *schema.Field, text string) (*string, error) {
	var v T
	if err := schema.Set(&v, f.Path, text); err != nil {
		return nil, err
	}
	text, _ = schema.Get(&v, f.Path)
	if check := checks[f.Path]; check != nil && schema.Of[T]() == schema.Of[Settings]() {
		var err error
		if text, err = check(text); err != nil {
			return nil, err
		}
	}
	return &text, nil
}

func jsonText(v any) string {
	data, _ := json.Marshal(v) // numbers and lists of strings always marshal
	return string(data)
}
