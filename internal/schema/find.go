package schema

import (
	"reflect"
	"strings"

	"fazt/internal/errs"
)

// Group is a set of fields that belong together: a struct inside the struct.
type Group struct {
	Name, Label, Desc string // Name is "" for fields outside of any group
	Fields            []*Field
}

// Groups returns the fields in their groups, in the order of declaration.
func (s *Schema) Groups() []Group {
	var list []Group
	for _, f := range s.fields {
		name := ""
		if i := strings.LastIndexByte(f.Path, '.'); i >= 0 {
			name = f.Path[:i]
		}
		if len(list) == 0 || list[len(list)-1].Name != name {
			list = append(list, Group{Name: name, Label: s.groups[name].label, Desc: s.groups[name].desc})
		}
		g := &list[len(list)-1]
		g.Fields = append(g.Fields, f)
	}
	return list
}

// IsGroup reports whether path names a group of fields.
func (s *Schema) IsGroup(path string) bool {
	_, ok := s.groups[path]
	return ok
}

// Lookup is like Field for a path typed by a person; noun is what the fields are called. If there is no such field, the
// error suggests the nearest path.
func (s *Schema) Lookup(noun, path string) (*Field, error) {
	if f, ok := s.Field(path); ok {
		return f, nil
	}
	for _, g := range s.Groups() {
		if g.Name == path && path != "" {
			return nil, errs.New(errs.Invalid, "%s is a group; use one %s in it, such as %s", path, noun, g.Fields[0].Path)
		}
	}
	paths := make([]string, 0, len(s.fields))
	for _, f := range s.fields {
		paths = append(paths, f.Path)
	}
	if near := NearestPath(path, paths); near != "" {
		return nil, errs.New(errs.Invalid, "there is no %s %q; did you mean %s?", noun, path, near)
	}
	return nil, errs.New(errs.Invalid, "there is no %s %.100q", noun, path)
}

// NearestPath returns the path most similar to the given one, or "". The group may be missing or wrong.
func NearestPath(path string, paths []string) string {
	best, least := "", min(3, len(path))
	if len(path) > 100 { // not a typo, and comparing would take long
		return ""
	}
	for _, p := range paths {
		if d := min(Distance(path, p), Distance(last(path), last(p))); d < least {
			best, least = p, d
		}
	}
	return best
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// Nearest returns the word most similar to the given one, or "" if none is similar enough.
func Nearest(word string, words []string) string {
	best, least := "", min(3, len(word)) // at most two typos, and fewer in a short word
	for _, w := range words {
		if d := Distance(word, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// Distance returns the Levenshtein distance: how many letters must be added, removed or changed to turn a into b.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			previous, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, previous+cost)
		}
	}
	return row[len(b)]
}

// Value returns the value of the field of *v with the given path, ready for encoding/json; nil if there is no such
// field.
func Value[T any](v *T, path string) any {
	f, ok := Of[T]().Field(path)
	if !ok {
		return nil
	}
	return reflect.ValueOf(v).Elem().FieldByIndex(f.index).Interface()
}
