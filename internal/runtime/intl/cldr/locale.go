package cldr

import (
	"slices"
	"strings"
	"sync"
)

// Default is the locale of functions, which have no other.
const Default = "en-US"

// locales are those that are claimed, sorted: those that CLDR has data of, those in which its data is written, and both without a
// script that is the usual one of the region.
var locales = sync.OnceValue(func() []string { //nolint:gochecknoglobals // a memo of an embedded file
	text, _ := Core("locales")
	content, _ := Core("content")
	list := strings.Fields(text + " " + content)
	for _, locale := range slices.Clone(list) {
		if p := strings.Split(locale, "-"); len(p) == 3 && len(p[1]) == 4 && usual(p[0], p[2]) == locale {
			list = append(list, p[0]+"-"+p[2])
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(l string) bool { return l == Root })
})

// Supported returns the locale that is used for a tag: the tag without extensions, and as much of its end as is not there; "" =
// none.
func Supported(t Tag) string {
	t.Variants = nil
	for at := t.Base(); at != ""; {
		if _, ok := slices.BinarySearch(locales(), at); ok {
			return at
		}
		at = at[:max(strings.LastIndexByte(at, '-'), 0)]
	}
	return ""
}

func usual(language, region string) string {
	t, _ := Tag{Language: language, Region: region}.Maximize()
	return t.Base()
}

// dataOf returns the locale under which the data of another is: with the script that is usual in its region.
func dataOf(locale string) string {
	p := strings.Split(locale, "-")
	if len(p) != 2 || len(p[1]) == 4 {
		return locale
	}
	t, ok := Tag{Language: p[0], Region: p[1]}.Maximize()
	if usual, _ := (Tag{Language: p[0]}).Maximize(); !ok || usual.Script == t.Script {
		return locale
	}
	return t.Base()
}

// Locale is a locale that there is data for.
type Locale struct {
	Name     string // the locale that is used, as a tag without extensions
	Data     string // the one under which its data is
	Region   string // the one meant, if none is named the likely one
	Language string
	Keywords map[string]string // of the Unicode extension of the tag that was asked for
}

// Resolve returns the first of the locales asked for that there is data for, or the default.
func Resolve(asked []Tag) Locale {
	for _, t := range asked {
		if name := Supported(t); name != "" {
			l := locale(name)
			l.Keywords = t.Keywords
			return l
		}
	}
	return locale(Default)
}

func locale(name string) Locale {
	t, _ := Parse(name)
	full, _ := t.Maximize()
	return Locale{Name: name, Data: dataOf(name), Region: full.Region, Language: t.Language}
}

// Get returns the value of a key in a section.
func (l Locale) Get(section, key string) (string, bool) { return Get(l.Data, section, key) }

// Text is Get for a key that is always there, or whose absence means nothing.
func (l Locale) Text(section, key string) string {
	v, _ := Get(l.Data, section, key)
	return v
}

// WithRules returns the locale whose rules of a kind are used.
func (l Locale) WithRules(kind string) string {
	for _, at := range []string{l.Data, l.Language} {
		if len(CoreUnder(kind+"/"+at+"/")) > 0 {
			return at
		}
	}
	return l.Name
}

// Rules returns the rules of a kind (cardinal, ordinal, range, period) for the locale's language, by name.
func (l Locale) Rules(kind string) map[string]string {
	for at := l.Data; at != Root; at = Parent(at) {
		if rules := CoreUnder(kind + "/" + at + "/"); len(rules) > 0 {
			return rules
		}
	}
	return CoreUnder(kind + "/" + l.Language + "/")
}
