// Package plural chooses the plural categories of numbers, by the rules of CLDR.
package plural

import (
	"cmp"
	"strconv"
	"strings"

	"fazt/internal/runtime/intl/cldr"
)

// All are the plural categories, in the order of CLDR.
var All = []string{"zero", "one", "two", "few", "many", "other"}

// operands of plural rules (UTS #35, part 3, "Operands"). Words for powers of ten are chosen without them, so there is no exponent. Numbers of more than 15 digits lose those in front, which no rule asks for.
type operands struct {
	i, f, t, v, w int
	fraction      bool // n is not an integer
}

// Rules are those of a language.
type Rules struct {
	rules  []rule // without "other"
	ranges map[string]string
}

type rule struct {
	category string
	any      [][]relation // one of these lists holds if all of its relations do
}

// relation is "n % mod = ranges", or "≠".
type relation struct {
	operand byte
	mod     int
	not     bool
	ranges  [][2]int
}

// New returns the rules of a kind, cardinal or ordinal.
func New(l cldr.Locale, kind string) Rules {
	p := Rules{ranges: l.Rules("range")} // there are none of ordinal numbers
	texts := l.Rules(kind)
	for _, category := range All {
		if text := texts[category]; text != "" {
			p.rules = append(p.rules, rule{category, parse(text)})
		}
	}
	return p
}

// Categories returns those that there are, in the order in which V8 reports them.
func (p Rules) Categories() []string {
	var list []string
	for _, order := range []string{"few", "many", "one", "two", "zero"} {
		for _, r := range p.rules {
			if r.category == order {
				list = append(list, order)
			}
		}
	}
	return append(list, "other")
}

func parse(text string) (list [][]relation) {
	for either := range strings.SplitSeq(text, " or ") {
		var all []relation
		for one := range strings.SplitSeq(either, " and ") {
			left, right, ok := strings.Cut(one, " = ")
			not := false
			if !ok {
				left, right, _ = strings.Cut(one, " != ")
				not = true
			}
			operand, mod, _ := strings.Cut(strings.TrimSpace(left), " % ")
			r := relation{operand: operand[0], not: not}
			r.mod, _ = strconv.Atoi(mod)
			for span := range strings.SplitSeq(strings.TrimSpace(right), ",") {
				from, to, ok := strings.Cut(span, "..")
				if !ok {
					to = from
				}
				a, _ := strconv.Atoi(from)
				b, _ := strconv.Atoi(to)
				r.ranges = append(r.ranges, [2]int{a, b})
			}
			all = append(all, r)
		}
		list = append(list, all)
	}
	return list
}

// Of returns the category of a number as it is shown.
func (p Rules) Of(integer, fraction string) string { return p.category(operandsOf(integer, fraction)) }

func operandsOf(integer, fraction string) operands {
	short := func(s string) int {
		n, _ := strconv.Atoi(s[max(len(s)-15, 0):])
		return n
	}
	trimmed := strings.TrimRight(fraction, "0")
	return operands{i: short(integer), f: short(fraction), t: short(trimmed), v: len(fraction), w: len(trimmed), fraction: trimmed != ""}
}

func (p Rules) category(o operands) string {
	for _, rule := range p.rules {
		for _, all := range rule.any {
			if o.hold(all) {
				return rule.category
			}
		}
	}
	return "other"
}

func (o operands) hold(all []relation) bool {
	for _, r := range all {
		if r.holds(o) == r.not {
			return false
		}
	}
	return true
}

func (r relation) holds(o operands) bool {
	value := map[byte]int{'n': o.i, 'i': o.i, 'f': o.f, 't': o.t, 'v': o.v, 'w': o.w}[r.operand]
	if r.operand == 'n' && o.fraction {
		return false
	}
	if r.mod > 0 {
		value %= r.mod
	}
	for _, span := range r.ranges {
		if value >= span[0] && value <= span[1] {
			return true
		}
	}
	return false
}

// Span returns the category of a range between numbers of two categories.
func (p Rules) Span(from, to string) string { return cmp.Or(p.ranges[from+"/"+to], "other") }
