package intl

import (
	"math"
	"strings"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/plural"
)

// numeral is a resolved Intl.NumberFormat.
type numeral struct {
	locale         cldr.Locale
	name, system   string // of the locale with what was taken from it, and of the numbering system
	style          string
	notation, long string // long: compactDisplay
	signs          string
	currency       string
	shown, books   string // currencyDisplay and currencySign
	unit, width    string // width: unitDisplay
	grouping       any
	rounding
	symbols
	plural  plural.Rules
	pattern halves
	compact map[string]string // "1000/one" -> pattern
	infix   string            // of ranges
	// The name of the currency or the pattern of the unit, by plural category.
	outer map[string]string
	money string // the symbol of the currency
}

// symbols are what numbers are written with.
type symbols struct {
	decimal, group, minus, plus, percent, exponential, infinity, nan, about string
	digits                                                                  []string // nil = 0 to 9
	primary, secondary, least                                               int      // sizes of groups, and the digits before the first group from which on there are groups
}

// halves are the two sides of a number in a pattern, for positive and negative numbers.
type halves struct {
	before, after       []part
	negBefore, negAfter []part
	negative            bool // it has a pattern of its own for negative numbers
}

func newNumeral(asked []cldr.Tag, o options) (*numeral, error) {
	n := &numeral{locale: cldr.Resolve(asked), style: o.text("style"), notation: o.text("notation"), signs: o.text("signDisplay"), currency: strings.ToUpper(o.text("currency")), shown: o.text("currencyDisplay"), books: o.text("currencySign"), unit: o.text("unit"), width: o.text("unitDisplay"), long: o.text("compactDisplay")}
	switch {
	case n.style == "currency" && n.currency == "":
		return nil, typeError("Currency code is required with currency style.")
	case n.style == "unit" && n.unit == "":
		return nil, typeError("Required unit option is missing for unit style.")
	}
	n.numbering(o)
	places := n.places()
	if err := n.resolve(o, n.style, n.notation, places); err != nil {
		return nil, err
	}
	n.grouping = o["useGrouping"]
	if n.grouping == nil {
		n.grouping = map[bool]string{true: "min2", false: "auto"}[n.notation == "compact"]
	}
	n.plural = plural.New(n.locale, "cardinal")
	n.patterns()
	return n, nil
}

// numbering chooses the numbering system and with it the symbols.
func (n *numeral) numbering(o options) {
	n.name, n.system = numberingSystem(n.locale, o.text("numberingSystem"))
	n.symbols = symbolsOf(n.locale, n.system)
}

// numberingSystem returns the locale with the keyword that chose the system, and the system.
func numberingSystem(l cldr.Locale, option string) (name, system string) {
	known := func(s string) bool { _, ok := cldr.Core("digits/" + s); return ok }
	system, _ = l.Get("numbers", "defaultNumberingSystem")
	if nu, ok := l.Keywords["nu"]; ok && known(nu) && (option == "" || !known(option) || option == nu) {
		return l.Name + "-u-nu-" + nu, nu
	}
	if known(option) {
		system = option
	}
	return l.Name, system
}

func symbolsOf(l cldr.Locale, system string) symbols {
	get := func(name string) string {
		if s, ok := l.Get("numbers", system+"/symbols/"+name); ok {
			return s
		}
		return l.Text("numbers", "latn/symbols/"+name)
	}
	s := symbols{decimal: get("decimal"), group: get("group"), minus: get("minusSign"), plus: get("plusSign"), percent: get("percentSign"), exponential: get("exponential"), infinity: get("infinity"), nan: get("nan"), about: get("approximatelySign"), least: 1}
	if l.Text("numbers", "minimumGroupingDigits") == "2" {
		s.least = 2
	}
	if digits, _ := cldr.Core("digits/" + system); system != "latn" && digits != "" {
		s.digits = strings.Split(digits, "")
	}
	body, _, _ := strings.Cut(numberPattern(l, system, "decimal/standard"), ";")
	whole, _, _ := strings.Cut(body, ".")
	sizes := strings.Split(whole, ",")
	if s.primary = len(sizes[len(sizes)-1]); len(sizes) == 1 {
		s.primary = 0
	}
	if s.secondary = s.primary; len(sizes) > 2 {
		s.secondary = len(sizes[len(sizes)-2])
	}
	return s
}

func numberPattern(l cldr.Locale, system, key string) string {
	if p, ok := l.Get("numbers", system+"/"+key); ok {
		return p
	}
	return l.Text("numbers", "latn/"+key)
}

// places returns the fraction digits of the currency.
func (n *numeral) places() int {
	digits, ok := cldr.Core("fraction/" + n.currency + "/digits")
	if !ok {
		return 2
	}
	return int(digits[0] - '0')
}

// patterns finds the patterns of the style.
func (n *numeral) patterns() {
	l := n.locale
	n.infix = n.text("misc/range")
	pattern := n.text("decimal/standard")
	switch n.style {
	case "percent":
		pattern = n.text("percent/standard")
	case "currency":
		pattern = n.currencyPattern()
	case "unit":
		if n.unit == "percent" && n.width != "long" {
			pattern = strings.ReplaceAll(n.text("percent/standard"), "%", "¤") // the sign is its unit
			n.money = n.percent
			break
		}
		n.outer = unitPatterns(l, n.unit, n.width)
	}
	n.pattern = n.parse(pattern)
	if n.notation != "compact" {
		return
	}
	compact := func(of string) {
		n.compact = cldr.Under(l.Data, "numbers", n.system+"/"+of+"/")
		if len(n.compact) == 0 {
			n.compact = cldr.Under(l.Data, "numbers", "latn/"+of+"/")
		}
	}
	switch {
	case n.style == "currency" && n.shown != "name":
		compact("currency/short/standard") // there are no longer ones
	default:
		compact("decimal/" + n.long)
	}
}

func (n *numeral) text(key string) string { return numberPattern(n.locale, n.system, key) }

func (n *numeral) currencyPattern() string {
	l := n.locale
	name, ok := l.Get("currencies", n.currency+"/name")
	symbol, hasSymbol := l.Get("currencies", n.currency+"/symbol")
	if !hasSymbol {
		symbol = n.currency
	}
	switch n.shown {
	case "code":
		symbol = n.currency
	case "narrowSymbol":
		if narrow, ok := l.Get("currencies", n.currency+"/narrow"); ok {
			symbol = narrow
		}
	case "name":
		if !ok {
			name = n.currency
		}
		n.outer = map[string]string{}
		for _, count := range plural.All {
			pattern, ok := l.Get("numbers", n.system+"/currency/unitPattern-count-"+count)
			if !ok {
				if pattern, ok = l.Get("numbers", "latn/currency/unitPattern-count-"+count); !ok {
					pattern = n.text("currency/unitPattern-count-other")
				}
			}
			named, ok := l.Get("currencies", n.currency+"/"+count)
			if !ok {
				if named, ok = l.Get("currencies", n.currency+"/other"); !ok {
					named = name
				}
			}
			n.outer[count] = strings.Replace(pattern, "{1}", named, 1)
		}
		return n.text("decimal/standard")
	}
	n.money = symbol
	key := "currency/" + n.books
	pattern := n.text(key)
	system := n.system
	if _, ok := l.Get("numbers", system+"/"+key); !ok {
		system = "latn"
	}
	if spelled(symbol, strings.Index(pattern, "¤") < strings.IndexAny(pattern, "#0")) {
		if p, ok := l.Get("numbers", system+"/"+key+"-alphaNextToNumber"); ok {
			return p
		}
	}
	return pattern
}

// parse splits a pattern at the number and marks what its characters mean.
func (n *numeral) parse(pattern string) halves {
	positive, negative := pattern, ""
	if i := outsideQuotes(pattern, ';'); i >= 0 {
		positive, negative = pattern[:i], pattern[i+1:]
	}
	var h halves
	h.before, h.after = n.affixes(positive)
	if h.negative = negative != ""; h.negative {
		h.negBefore, h.negAfter = n.affixes(negative)
	}
	return h
}

func outsideQuotes(pattern string, c byte) int {
	quoted := false
	for i := range len(pattern) {
		if pattern[i] == '\'' {
			quoted = !quoted
		} else if pattern[i] == c && !quoted {
			return i
		}
	}
	return -1
}

// affixes returns the parts before and after the number in a pattern.
func (n *numeral) affixes(pattern string) (before, after []part) {
	var text strings.Builder
	list, number, quoted := &before, false, false
	end := func() {
		if text.Len() > 0 {
			*list = append(*list, n.literals(text.String())...)
			text.Reset()
		}
	}
	symbol := func(kind, value string) {
		end()
		*list = append(*list, part{kind, value})
	}
	for _, c := range pattern {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
			text.WriteRune(c)
		case strings.ContainsRune("#0,.", c): // in text they are quoted
			if !number {
				end()
				number = true
			}
			list = &after
		case c == '¤':
			symbol(map[bool]string{true: "unit", false: "currency"}[n.style == "unit"], n.money)
		case c == '%':
			symbol("percentSign", n.percent)
		case c == '-':
			symbol("minusSign", n.minus)
		case c == '+':
			symbol("plusSign", n.plus)
		default:
			text.WriteRune(c)
		}
	}
	end()
	return before, after
}

// literals makes parts of text in a pattern: the words of compact notation, without the spaces around them.
func (n *numeral) literals(text string) []part {
	if n.notation != "compact" {
		return []part{{"literal", text}}
	}
	return trimmed(text, "compact")
}

// trimmed makes a part of a text, and literals of the spaces around it.
func trimmed(text, kind string) (list []part) {
	const spaces = " \u00a0\u202f\u200e\u200f\u061c"
	word := strings.Trim(text, spaces)
	if word == "" {
		return []part{{"literal", text}}
	}
	before, after, _ := strings.Cut(text, word)
	for _, p := range []part{{"literal", before}, {kind, word}, {"literal", after}} {
		if p.Value != "" {
			list = append(list, p)
		}
	}
	return list
}

// decimal returns the value to format; special is "NaN" or "Infinity" if it is not a number.
func decimal(v any) (d dec, special string) {
	switch v := v.(type) {
	case string:
		if d, ok := decFromDecimalString(v); ok {
			return d, ""
		}
	case float64:
		switch {
		case math.IsInf(v, 0):
			return dec{neg: v < 0}, "Infinity"
		case v == v:
			return decFromFloat(v), ""
		}
	}
	return dec{}, "NaN"
}
