package intl

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/plural"
)

// plurals is a resolved Intl.PluralRules.
type plurals struct {
	name, kind string
	rules      plural.Rules
	rounding
}

func newPlurals(asked []cldr.Tag, o options) (*plurals, error) {
	l := cldr.Resolve(asked)
	p := &plurals{name: l.WithRules("cardinal"), kind: o.text("type"), rules: plural.New(l, o.text("type"))}
	return p, p.resolve(o, "decimal", "standard", 0)
}

func (p *plurals) of(v any) (string, error) {
	d, special := decimal(numeric(v))
	if special != "" {
		return "other", nil
	}
	d, least := p.round(d)
	integer, fraction := d.render(p.minInt, least)
	return p.rules.Of(integer, fraction), nil
}

func (p *plurals) answer(method string, values []any) (any, error) {
	from, err := p.of(arg(values, 0))
	if method != "selectRange" || err != nil {
		return from, err
	}
	to, err := p.of(arg(values, 1))
	for _, v := range values {
		if _, special := decimal(numeric(v)); special == "NaN" {
			return nil, rangeError("Invalid number value: NaN")
		}
	}
	return p.rules.Span(from, to), err
}

func (p *plurals) options() object {
	o := append(object{{"locale", p.name}, {"type", p.kind}}, p.rounding.options()...)
	return append(o, property{"pluralCategories", p.rules.Categories()})
}

// lists is a resolved Intl.ListFormat.
type lists struct {
	name, kind, style, language  string
	two, start, middle, endsWith string
}

func newLists(asked []cldr.Tag, o options) *lists {
	l := cldr.Resolve(asked)
	f := &lists{name: l.Name, kind: o.text("type"), style: o.text("style"), language: l.Language}
	key := map[string]string{"conjunction": "standard", "disjunction": "or", "unit": "unit"}[f.kind]
	if f.style != "long" {
		key += "-" + f.style
	}
	get := func(name string) string { return l.Text("lists", key+"/"+name) }
	f.two, f.start, f.middle, f.endsWith = get("2"), get("start"), get("middle"), get("end")
	return f
}

func (f *lists) answer(method string, values []any) (any, error) {
	var list []string
	text, _ := arg(values, 0).(string)
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	var parts []part
	for i, element := range list {
		pattern := f.middle
		switch {
		case i == 0:
			parts = []part{{"element", element}}
			continue
		case len(list) == 2:
			pattern = f.two
		case i == 1:
			pattern = f.start
		case i == len(list)-1:
			pattern = f.endsWith
		}
		pattern = f.euphonic(pattern, element)
		before, rest, _ := strings.Cut(pattern, "{0}")
		between, after, _ := strings.Cut(rest, "{1}")
		if before != "" {
			parts = append([]part{{"literal", before}}, parts...)
		}
		parts = append(parts, part{"literal", between}, part{"element", element})
		if after != "" {
			parts = append(parts, part{"literal", after})
		}
	}
	return formatted(method, parts, nil)
}

// euphonic replaces "y" and "o" before words that begin with their sound in Spanish, and puts a hyphen after the Hebrew "and"
// before what is not Hebrew, as ICU does.
func (f *lists) euphonic(pattern, next string) string {
	word := strings.ToLower(next)
	switch {
	case f.language == "es" && strings.Contains(pattern, " y ") && (strings.HasPrefix(word, "i") || strings.HasPrefix(word, "hi") && !strings.HasPrefix(word, "hia") && !strings.HasPrefix(word, "hie")):
		return strings.Replace(pattern, " y ", " e ", 1)
	case f.language == "es" && strings.Contains(pattern, " o ") && (strings.HasPrefix(word, "o") || strings.HasPrefix(word, "ho") || strings.HasPrefix(word, "8") || word == "11" || strings.HasPrefix(word, "11 ")):
		return strings.Replace(pattern, " o ", " u ", 1)
	case f.language == "he" && strings.Contains(pattern, "ו{1}") && (next < "֐" || next > "׿"):
		return strings.Replace(pattern, "ו{1}", "ו-{1}", 1)
	}
	return pattern
}

func (f *lists) options() object {
	return object{{"locale", f.name}, {"type", f.kind}, {"style", f.style}}
}

// relative is a resolved Intl.RelativeTimeFormat.
type relative struct {
	locale                       cldr.Locale
	name, system, style, numbers string
	numeral                      *numeral
}

func newRelative(asked []cldr.Tag, o options) (*relative, error) {
	l := cldr.Resolve(asked)
	r := &relative{locale: l, style: o.text("style"), numbers: o.text("numeric")}
	r.name, r.system = numberingSystem(l, o.text("numberingSystem"))
	n, err := newNumeral(asked, options{"style": "decimal", "notation": "standard", "signDisplay": "auto", "roundingMode": "halfExpand", "roundingPriority": "auto", "trailingZeroDisplay": "auto", "numberingSystem": o["numberingSystem"]})
	r.numeral = n
	return r, err
}

func (r *relative) answer(method string, values []any) (any, error) {
	v, _ := arg(values, 0).(float64)
	unit, _ := arg(values, 1).(string)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, rangeError("Invalid argument: the value must be finite")
	}
	key := unit
	if r.style != "long" {
		key += "-" + r.style
	}
	if r.numbers == "auto" && v == math.Trunc(v) && math.Abs(v) <= 2 {
		if name, ok := r.locale.Get("fields", key+"/"+strconv.Itoa(int(v))); ok {
			return formatted(method, []part{{"literal", name}}, nil)
		}
	}
	direction := "/future/"
	if math.Signbit(v) {
		direction = "/past/"
	}
	w := r.numeral.write(math.Abs(v), false)
	pattern, ok := r.locale.Get("fields", key+direction+w.category)
	if !ok {
		pattern = r.locale.Text("fields", key+direction+"other")
	}
	before, after, ok := strings.Cut(pattern, "{0}")
	if !ok { // "in one hour"
		return formatted(method, []part{{"literal", pattern}}, nil)
	}
	var parts []part
	if before != "" {
		parts = append(parts, part{"literal", before})
	}
	for _, p := range w.parts() {
		parts = append(parts, part{p.Type + "\x00" + unit, p.Value})
	}
	if after != "" {
		parts = append(parts, part{"literal", after})
	}
	return formatted(method, parts, nil)
}

func (r *relative) options() object {
	return object{{"locale", r.name}, {"style", r.style}, {"numeric", r.numbers}, {"numberingSystem", r.system}}
}
