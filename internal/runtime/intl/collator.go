package intl

import (
	"slices"
	"strconv"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/collation"
)

// collator is a resolved Intl.Collator.
type collator struct {
	name, usage, sensitivity, collation, caseFirst string
	numeric, punctuation                           bool // punctuation: it is ignored
	*collation.Collator
}

func newCollator(asked []cldr.Tag, o options) *collator {
	l := cldr.Resolve(asked)
	c := &collator{name: ordered(l), usage: o.text("usage"), sensitivity: o.text("sensitivity"), collation: "default", caseFirst: "false"}
	c.numeric, _ = o["numeric"].(bool)
	if kn, ok := l.Keywords["kn"]; ok && !o.has("numeric") {
		c.numeric = kn == ""
		c.name = keyed(c.name, "kn", kn)
	}
	c.punctuation, _ = o["ignorePunctuation"].(bool)
	if kf := l.Keywords["kf"]; o.text("caseFirst") != "" {
		c.caseFirst = o.text("caseFirst")
	} else if slices.Contains([]string{"upper", "lower", "false"}, kf) {
		c.caseFirst, c.name = kf, keyed(c.name, "kf", kf)
	}
	if l.Language == "da" && c.caseFirst == "false" {
		c.caseFirst = "upper"
	}
	tag := l.Data
	co := l.Keywords["co"]
	if co == "" || o.text("collation") != "" {
		co = o.text("collation")
	}
	if slices.Contains(collation.Of(l.Language), co) && co != "emoji" && co != "eor" {
		c.collation = co
		if c.usage == "sort" {
			c.name = keyed(c.name, "co", co)
		}
		tag += "-u-co-" + co
	}
	c.Collator = collation.New(collation.Options{Language: l.Language, Tag: tag, Sensitivity: c.sensitivity, UpperFirst: c.caseFirst == "upper", Numeric: c.numeric, IgnorePunctuation: c.punctuation})
	return c
}

// ordered returns the locale that an order is of: regions have none of their own, except where their script differs.
func ordered(l cldr.Locale) string {
	if l.Language == "zh" {
		return l.Name
	}
	return l.Language
}

func (c *collator) answer(_ string, values []any) (any, error) {
	a, _ := arg(values, 0).(string)
	b, _ := arg(values, 1).(string)
	return strconv.Itoa(c.Compare(a, b)), nil
}

func (c *collator) options() object {
	return object{{"locale", c.name}, {"usage", c.usage}, {"sensitivity", c.sensitivity}, {"ignorePunctuation", c.punctuation}, {"collation", c.collation}, {"numeric", c.numeric}, {"caseFirst", c.caseFirst}}
}
