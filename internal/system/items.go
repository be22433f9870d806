package system

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"fazt/internal/schema"
)

// Described is the declaration of a limit or a setting: the same on every machine.
type Described struct {
	Path     string          `json:"path"`
	Label    string          `json:"label"`
	Desc     string          `json:"desc"`
	Type     string          `json:"type"` // integer, string, array
	Unit     string          `json:"unit"`
	Min      *int64          `json:"min"`     // of a number or a length; null = unbounded
	Max      *int64          `json:"max"`     // the same
	Default  json.RawMessage `json:"default"` // null if it depends on the machine
	Formula  string          `json:"formula"` // how it depends on the machine
	ReadOnly bool            `json:"read_only"`
	PerApp   bool            `json:"per_app"`
	Restart  bool            `json:"restart"` // a change takes effect at the next start
}

// Group is a declared group of limits, or all settings.
type Group struct {
	Name   string      `json:"name"` // first part of the paths; "" if they have only one part
	Label  string      `json:"label"`
	Desc   string      `json:"desc"`
	Fields []Described `json:"fields"`
}

// Item is a limit or a setting with its value and the source of the value.
type Item struct {
	Described
	Value   json.RawMessage `json:"value"`    // current value
	Source  Source          `json:"source"`   // default, machine, stored, environment, flag, app, start
	Place   string          `json:"place"`    // the flag or variable it comes from
	Stored  json.RawMessage `json:"stored"`   // the stored value, whether in force or not; null = none
	SetBy   string          `json:"set_by"`   // who stored it
	SetAt   *time.Time      `json:"set_at"`   // when
	Next    json.RawMessage `json:"next"`     // value after a restart; null = the same
	Note    string          `json:"note"`     // why the stored value is not in force
	ForApps []AppValue      `json:"for_apps"` // values of apps that differ from this one
}

// AppValue is the value of a limit for one app.
type AppValue struct {
	App   string          `json:"app"` // id
	Value json.RawMessage `json:"value"`
	SetBy string          `json:"set_by"`
	SetAt time.Time       `json:"set_at"`
}

var (
	limitGroups   = sync.OnceValue(func() []Group { return describe(schema.Of[Limits]()) })   //nolint:gochecknoglobals // a memo of a pure function
	settingGroups = sync.OnceValue(func() []Group { return describe(schema.Of[Settings]()) }) //nolint:gochecknoglobals // the same
)

// LimitGroups describes every limit. The result is shared and must not be modified.
func LimitGroups() []Group { return limitGroups() }

// SettingGroups describes every setting. The result is shared and must not be modified.
func SettingGroups() []Group { return settingGroups() }

func describe(s *schema.Schema) []Group {
	var list []Group
	for _, g := range s.Groups() {
		out := Group{Name: g.Name, Label: g.Label, Desc: g.Desc}
		for _, f := range g.Fields {
			out.Fields = append(out.Fields, Described{
				Path: f.Path, Label: f.Label, Desc: f.Desc, Type: f.Type, Unit: f.Unit, Min: whole(f.Min), Max: whole(f.Max),
				Default: declaredDefault(f), Formula: f.Formula, ReadOnly: f.ReadOnly, PerApp: f.PerApp, Restart: f.Restart,
			})
		}
		list = append(list, out)
	}
	return list
}

func whole(n *float64) *int64 {
	if n == nil {
		return nil
	}
	w := int64(*n)
	return &w
}

// declaredDefault returns the default from the tags, or null.
func declaredDefault(f *schema.Field) json.RawMessage {
	switch {
	case f.Default == "" && (f.Formula != "" || f.ReadOnly):
		return json.RawMessage("null")
	case f.Type == "string":
		return json.RawMessage(jsonText(f.Default))
	}
	return json.RawMessage(f.Default)
}

// Limits returns all limits with their values for the instance, or for the app with the given ID, and the stored values
// that are ignored there.
func (s *Store) Limits(app string) ([]Item, []Ignored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.live.App(app)
	var list []Item
	for _, g := range LimitGroups() {
		for _, d := range g.Fields {
			i := Item{Described: d, Value: wire(now, d.Path), Source: FromDefault, Stored: json.RawMessage("null"), Next: json.RawMessage("null"), ForApps: []AppValue{}}
			i.Default = wire(&s.base, d.Path)
			if d.ReadOnly {
				i.Source = FromMachine
			}
			s.stored(&i, app)
			list = append(list, i)
		}
	}
	ignored := s.ignoredOf(limit)
	if app != "" {
		ignored = slices.DeleteFunc(ignored, func(i Ignored) bool { return i.App != app })
	}
	return list, ignored
}

// stored completes an Item with its stored value.
func (s *Store) stored(i *Item, app string) {
	if r, ok := find(s.limits, i.Path, ""); ok && s.understood(r) {
		i.Source, i.Stored, i.SetBy, i.SetAt = FromStored, json.RawMessage(r.value), r.by, &r.at
	}
	if app != "" {
		if r, ok := find(s.limits, i.Path, app); ok && s.understood(r) {
			i.Source, i.Stored, i.SetBy, i.SetAt = FromApp, json.RawMessage(r.value), r.by, &r.at
		}
		return
	}
	for _, r := range s.limits {
		if r.path == i.Path && r.app != "" && s.understood(r) {
			i.ForApps = append(i.ForApps, AppValue{r.app, json.RawMessage(r.value), r.by, r.at})
		}
	}
	slices.SortFunc(i.ForApps, byApp)
}

// understood reports whether a stored limit is in force.
func (s *Store) understood(r row) bool {
	return !slices.ContainsFunc(s.ignored, func(i Ignored) bool { return i.Path == r.path && i.App == r.app })
}

// SettingItems returns all settings with their values and sources, and the stored values that are ignored.
func (s *Store) SettingItems() ([]Item, []Ignored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Item
	for _, g := range SettingGroups() {
		for _, d := range g.Fields {
			from := s.from[d.Path]
			i := Item{
				Described: d, Value: wire(s.inForce.Load(), d.Path), Source: FromDefault, Place: from.place,
				Stored: json.RawMessage("null"), Next: json.RawMessage("null"), Note: s.note(d.Path), ForApps: []AppValue{},
			}
			if from.source != "" {
				i.Source = from.source
			}
			if next := wire(&s.next, d.Path); d.Restart && string(next) != string(i.Value) {
				i.Source, i.Next = FromStart, next
			}
			if r := from.row; r != nil {
				stored := schema.Defaults[Settings]()
				_ = schema.Set(&stored, r.path, r.value) // it was understood
				i.Stored, i.SetBy, i.SetAt = wire(&stored, r.path), r.by, &r.at
			}
			list = append(list, i)
		}
	}
	return list, s.ignoredOf(setting)
}

// ignoredOf returns the ignored values of one kind.
func (s *Store) ignoredOf(noun string) []Ignored {
	rows := s.limits
	if noun == setting {
		rows = s.rows
	}
	list := []Ignored{}
	for _, i := range s.ignored {
		if r, ok := find(rows, i.Path, i.App); ok && r.value == i.Value {
			list = append(list, i)
		}
	}
	return list
}
