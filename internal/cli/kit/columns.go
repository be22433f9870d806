package kit

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"fazt/internal/output"
)

// The tags of a response say how its fields are shown:
//
//	unit   "bytes": as a size
//	none   the text shown in place of an empty one
//	yes    the text shown for true; false is then empty

// column is one column of a table, or one row of a single thing.
type column struct {
	heading  string
	optional bool // the row is left out when it is empty
	argument bool // of the call, not of the response
	text     func(req, element reflect.Value) string
}

// tableOf returns the view that shows the columns of a response.
func (p Plain) tableOf(columns string) func(req, res reflect.Value) output.View {
	if p.show != nil {
		return func(_, res reflect.Value) output.View { return p.show(res.Interface()) }
	}
	element := p.spec.Res
	if p.paged() {
		items, _ := element.FieldByName("Items")
		element = items.Type
	}
	list := element.Kind() == reflect.Slice
	if list {
		element = element.Elem()
	}
	var all []column
	for notation := range strings.SplitSeq(columns, ",") {
		all = append(all, p.column(element, strings.TrimSpace(notation)))
	}
	if !list || !slices.ContainsFunc(all, func(c column) bool { return !c.argument }) {
		return func(req, res reflect.Value) output.View { return output.View{Rows: labelled(all, req, res)} }
	}
	v := output.View{Empty: p.empty}
	for _, c := range all {
		v.Columns = append(v.Columns, c.heading)
	}
	return func(req, res reflect.Value) output.View {
		v := v
		for i := range res.Len() {
			row := make([]string, len(all))
			for n, c := range all {
				row[n] = c.text(req, res.Index(i))
			}
			v.Rows = append(v.Rows, row)
		}
		return v
	}
}

// labelled returns the rows of a single thing.
func labelled(all []column, req, res reflect.Value) (rows [][]string) {
	for _, c := range all {
		if text := c.text(req, res); text != "" || !c.optional {
			rows = append(rows, []string{c.heading, text})
		}
	}
	return rows
}

// column parses "heading=path", or a path whose last name is the heading.
func (p Plain) column(element reflect.Type, notation string) column {
	heading, path, ok := strings.Cut(notation, "=")
	if !ok {
		path = heading
		heading = strings.ReplaceAll(strings.TrimSuffix(heading, "_at"), "_", " ")
	}
	heading, optional := strings.CutSuffix(heading, "?")
	c := column{heading: heading, optional: optional}
	if cell := p.cells[heading]; cell != nil {
		c.text = func(req, v reflect.Value) string { return cell(req.Interface(), v.Interface()) }
		return c
	}
	if fields := pathOf(element, path); fields != nil {
		c.text = func(_, v reflect.Value) string { return textAt(v, fields) }
	} else if at := slices.IndexFunc(p.words, func(w argument) bool { return w.shown == path }); at >= 0 {
		c.argument = true
		c.text = func(req, _ reflect.Value) string {
			f := p.words[at].field
			return text(req.FieldByIndex(f.index), f.tag)
		}
	} else {
		panic(fmt.Sprintf("kit: %s has no column %s", p.spec.Name, path))
	}
	return c
}

// pathOf finds the fields that lead to "live.bytes", by their names on the wire, or nil if one does not exist.
func pathOf(t reflect.Type, path string) (fields []reflect.StructField) {
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		all := reflect.VisibleFields(t)
		at := slices.IndexFunc(all, func(sf reflect.StructField) bool {
			wire, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
			return wire == name
		})
		if at < 0 {
			return nil
		}
		fields = append(fields, all[at])
		t = all[at].Type
	}
	return fields
}

// textAt formats the field at the end of a path.
func textAt(v reflect.Value, path []reflect.StructField) string {
	for _, sf := range path {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return "-"
			}
			v = v.Elem()
		}
		v = v.FieldByIndex(sf.Index)
	}
	return text(v, path[len(path)-1].Tag)
}

func text(v reflect.Value, tag reflect.StructTag) string {
	switch x := v.Interface().(type) {
	case time.Time:
		return output.Time(x)
	case *time.Time:
		return OptionalTime(x)
	case []string:
		return strings.Join(x, ", ")
	case bool:
		if yes, ok := tag.Lookup("yes"); ok {
			return map[bool]string{true: yes}[x]
		}
		return map[bool]string{true: "yes", false: "no"}[x]
	case string:
		if x == "" {
			return tag.Get("none")
		}
		return x
	case int64:
		if tag.Get("unit") == "bytes" {
			return output.Size(x)
		}
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "-"
	}
	return fmt.Sprint(v.Interface())
}
