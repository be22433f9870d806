package schema

import (
	"encoding/json"
	"strconv"
	"strings"
)

// JSONSchema returns the schema as a JSON Schema (draft 2020-12) document, ready for encoding/json.
func (s *Schema) JSONSchema(id, title, desc string) map[string]any {
	root := object(title, desc)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = id
	for _, f := range s.fields {
		parent, name := s.parentOf(root, f.Path)
		parent["properties"].(map[string]any)[name] = f.jsonSchema()
		if f.Required {
			required, _ := parent["required"].([]string)
			parent["required"] = append(required, name)
		}
	}
	return root
}

// parentOf returns the object that contains the leaf with the given path, and creates it if necessary.
func (s *Schema) parentOf(root map[string]any, path string) (parent map[string]any, name string) {
	parent = root
	steps := strings.Split(path, ".")
	for i, step := range steps[:len(steps)-1] {
		properties := parent["properties"].(map[string]any)
		child, ok := properties[step].(map[string]any)
		if !ok {
			group := s.groups[strings.Join(steps[:i+1], ".")]
			child = object(group.label, group.desc)
			properties[step] = child
		}
		parent = child
	}
	return parent, steps[len(steps)-1]
}

func object(title, desc string) map[string]any {
	o := map[string]any{"type": "object", "properties": map[string]any{}, "additionalProperties": false}
	put(o, "title", title)
	put(o, "description", desc)
	return o
}

func (f *Field) jsonSchema() map[string]any {
	o := map[string]any{"type": f.Type}
	put(o, "title", f.Label)
	put(o, "description", f.Desc)
	put(o, "pattern", f.Pattern)
	put(o, "x-unit", f.Unit)
	put(o, "x-formula", f.Formula)
	for name, so := range map[string]bool{"x-per-app": f.PerApp, "x-restart": f.Restart} {
		if so {
			o[name] = true
		}
	}
	if len(f.Enum) > 0 {
		o["enum"] = f.Enum
	}
	if f.ReadOnly {
		o["readOnly"] = true
	}
	if f.Default != "" {
		o["default"] = f.defaultValue()
	}
	if f.Type == "array" {
		o["items"] = map[string]any{"type": "string"}
	}
	if f.Type == "object" {
		o["additionalProperties"] = map[string]any{"type": "string"}
	}
	lo, hi := rangeWords(f.Type)
	if f.Min != nil {
		o[lo] = *f.Min
	}
	if f.Max != nil {
		o[hi] = *f.Max
	}
	return o
}

func (f *Field) defaultValue() any {
	switch f.Type {
	case "integer":
		n, _ := strconv.ParseInt(f.Default, 10, 64)
		return n
	case "number":
		n, _ := strconv.ParseFloat(f.Default, 64)
		return n
	case "boolean":
		return f.Default == "true"
	case "array", "object":
		return json.RawMessage(f.Default)
	}
	return f.Default
}

func rangeWords(typ string) (lo, hi string) {
	switch typ {
	case "string":
		return "minLength", "maxLength"
	case "array":
		return "minItems", "maxItems"
	case "object":
		return "minProperties", "maxProperties"
	}
	return "minimum", "maximum"
}

func put(o map[string]any, key, value string) {
	if value != "" {
		o[key] = value
	}
}
