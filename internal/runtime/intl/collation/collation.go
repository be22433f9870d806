// Package collation compares texts in the order of a language. The order is that of golang.org/x/text/collate, which knows no
// order of scripts, no upper case first, no punctuation that is ignored, and no characters newer than Unicode 6.2.
package collation

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Options are what Intl.Collator takes.
type Options struct {
	Language, Tag     string // the tag names an order with the keyword "co"
	Sensitivity       string // base, accent, case or variant
	UpperFirst        bool
	Numeric           bool // digits are compared as numbers
	IgnorePunctuation bool
}

// Collator compares texts. It may be used concurrently.
type Collator struct {
	options Options
	scripts []*unicode.RangeTable

	mu    sync.Mutex // a collate.Collator is for one goroutine
	order *collate.Collator
	bare  *collate.Collator // without case, if that decides in another order than usual
}

// New makes a collator.
func New(o Options) *Collator {
	c := &Collator{options: o, scripts: scripts(o.Language)}
	if o.Language == "nb" || o.Language == "no" {
		o.Tag = "da" // has the same alphabet
	}
	c.order = o.collator(map[string]string{"base": "level1", "accent": "level2", "case": "level1", "variant": "level3"}[o.Sensitivity])
	if o.UpperFirst && o.Sensitivity == "variant" {
		c.bare = o.collator("level2")
	}
	return c
}

func (o Options) collator(strength string) *collate.Collator {
	t := language.Make(o.Tag)
	for _, k := range []struct {
		key, value string
		set        bool
	}{{"ks", strength, true}, {"kn", "true", o.Numeric}} {
		if k.set {
			t, _ = t.SetTypeForKey(k.key, k.value) // the values are valid
		}
	}
	return collate.New(t)
}

// Compare returns -1, 0 or 1.
func (c *Collator) Compare(a, b string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.options.IgnorePunctuation {
		a, b = unpunctuated(a), unpunctuated(b)
	}
	if n := c.byScript(a, b); n != 0 {
		return n
	}
	n := c.order.CompareString(c.placed(a), c.placed(b))
	if n == 0 && a != b && strings.ContainsFunc(a, isNew) && strings.ContainsFunc(b, isNew) {
		n = strings.Compare(a, b)
	}
	switch {
	case n == 0 && c.options.Sensitivity == "case":
		if c.options.UpperFirst {
			return caseDifference(b, a)
		}
		return caseDifference(a, b)
	case n != 0 && c.bare != nil && c.bare.CompareString(a, b) == 0:
		if d := caseDifference(a, b); d != 0 {
			return -d
		}
	}
	return n
}

// scripts are those that come before others in a language: CLDR reorders them, which package collate does not.
func scripts(language string) []*unicode.RangeTable {
	switch language {
	case "ar":
		return []*unicode.RangeTable{unicode.Arabic}
	case "bg", "ru", "sr", "uk":
		return []*unicode.RangeTable{unicode.Cyrillic}
	case "el":
		return []*unicode.RangeTable{unicode.Greek}
	case "he":
		return []*unicode.RangeTable{unicode.Hebrew}
	case "hi":
		return []*unicode.RangeTable{unicode.Devanagari}
	case "hr":
		return []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic}
	case "ja":
		return []*unicode.RangeTable{unicode.Latin, unicode.Hiragana, unicode.Katakana, unicode.Han}
	case "ko":
		return []*unicode.RangeTable{unicode.Hangul, unicode.Han}
	case "zh":
		return []*unicode.RangeTable{unicode.Han}
	}
	return nil
}

// byScript compares two texts by the scripts in which their first letters that differ are; 0 = that does not decide.
func (c *Collator) byScript(a, b string) int {
	if len(c.scripts) == 0 {
		return 0
	}
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x == y {
			a, b = a[n:], b[m:]
			continue
		}
		if !unicode.IsLetter(x) || !unicode.IsLetter(y) {
			return 0
		}
		return cmp.Compare(c.rank(x), c.rank(y))
	}
	return 0
}

func (c *Collator) rank(r rune) int {
	for i, script := range c.scripts {
		if unicode.Is(script, r) {
			if script == unicode.Katakana { // is written with Hiragana
				return i - 1
			}
			return i
		}
	}
	return len(c.scripts)
}

// isNew reports whether a character can be newer than the tables of the order, which are of Unicode 6.2: they put what they do
// not know after all letters.
func isNew(r rune) bool { return r >= 0x1f000 && unicode.IsSymbol(r) }

// placed puts new symbols where symbols are.
func (c *Collator) placed(text string) string {
	if !strings.ContainsFunc(text, isNew) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isNew(r) && c.order.CompareString(string(r), "0") > 0 {
			return '😀'
		}
		return r
	}, text)
}

// caseDifference compares the case of texts that have the same letters, whatever their accents: small letters come first.
func caseDifference(a, b string) int {
	plain := func(s string) []rune {
		return slices.DeleteFunc([]rune(norm.NFD.String(s)), func(r rune) bool { return unicode.Is(unicode.Mn, r) })
	}
	x, y := plain(a), plain(b)
	for i := range min(len(x), len(y)) {
		if unicode.IsUpper(x[i]) != unicode.IsUpper(y[i]) {
			return map[bool]int{true: 1, false: -1}[unicode.IsUpper(x[i])]
		}
	}
	return 0
}

// unpunctuated takes out what ignorePunctuation ignores.
func unpunctuated(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// Of returns the orders that a language has besides the usual one.
func Of(language string) []string {
	list := []string{"emoji", "eor"}
	for _, tag := range collate.Supported() {
		base, _ := tag.Base()
		if co := tag.TypeForKey("co"); co != "" && base.String() == language {
			list = append(list, co)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
