package intl

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// written is a number before it is put together: affixes, from the inner ones outwards, around the digits.
type written struct {
	digits        []part
	before, after []part // sign, currency, percent sign, words of compact notation
	outer         string // pattern of the unit, or of the name of the currency
	outerKind     string
	category      string
	special       bool
}

func (n *numeral) format(v any) []part { return n.write(v, false).parts() }

// write writes a number; about marks it as an approximate one.
func (n *numeral) write(v any, about bool) written {
	d, special := decimal(v)
	w := written{special: special != ""}
	neg, zero := d.neg, special == "NaN"
	var shown dec
	pattern, pad := n.pattern, ""
	switch special {
	case "NaN":
		w.digits = []part{{"nan", n.nan}}
		w.category = "other"
	case "Infinity":
		w.digits = []part{{"infinity", n.infinity}}
		w.category = "other"
	default:
		if n.style == "percent" {
			d = d.scale(2)
		}
		var exponent, least int
		shown, exponent, least, pad = n.scaled(d)
		zero = shown.isZero()
		integer, fraction := shown.render(n.minInt, least)
		w.category = n.plural.Of(integer, fraction)
		w.digits = n.mark(integer, fraction)
		if n.notation == "scientific" || n.notation == "engineering" {
			w.digits = append(w.digits, n.power(exponent)...)
		}
		if pad != "" {
			compact := n.compactPattern(pad, w.category, integer, fraction)
			if strings.ContainsRune(compact, '0') {
				pattern = n.parse(compact)
			} else {
				w.digits = trimmed(strings.ReplaceAll(compact, "'", ""), "compact")
				pattern = halves{}
			}
		}
	}
	w.before, w.after = n.sign(pattern, neg, zero, about)
	if n.style == "currency" && n.money != "" {
		w.before, w.after = spaced(w.before, w.after)
	}
	if n.outer != nil {
		if n.notation == "compact" && special == "" { // the words around it are those of the whole number
			integer, fraction := d.render(1, 0)
			w.category = n.plural.Of(integer, fraction)
		}
		w.outer, w.outerKind = n.outer[w.category], "unit"
		if n.style == "currency" {
			w.outerKind = "currency"
		}
		if w.outer == "" {
			w.outer = n.outer["other"]
		}
	}
	return w
}

// scaled returns the number to show, its power of ten, the fraction digits to show at least, and for compact notation the key of
// the pattern.
func (n *numeral) scaled(d dec) (shown dec, exponent, least int, key string) {
	switch n.notation {
	case "scientific", "engineering":
		exponent = n.exponent(d.magnitude())
		shown, least = n.round(d.scale(-exponent))
		if again := n.exponent(shown.magnitude() + exponent); again != exponent && !shown.isZero() {
			exponent = again
			shown, least = n.round(d.scale(-exponent))
		}
	case "compact":
		key, exponent = n.compactKey(d.magnitude())
		shown, least = n.round(d.scale(-exponent))
		if key2, again := n.compactKey(shown.magnitude() + exponent); again != exponent || key2 != key {
			key, exponent = key2, again
			shown, least = n.round(d.scale(-exponent))
		}
	default:
		shown, least = n.round(d)
	}
	return shown, exponent, least, key
}

func (n *numeral) exponent(magnitude int) int {
	if n.notation == "engineering" {
		return magnitude - ((magnitude%3)+3)%3
	}
	return magnitude
}

// compactKey returns the power of ten under which the patterns for numbers of a magnitude are, and the one they take away. The
// key is "" where numbers are written out.
func (n *numeral) compactKey(magnitude int) (key string, exponent int) {
	if magnitude < 3 {
		return "", 0
	}
	magnitude = min(magnitude, 14)
	key = "1" + strings.Repeat("0", magnitude)
	pattern := n.compact[key+"-count-other"]
	zeros := strings.Count(pattern, "0")
	if zeros == 0 || pattern == "0" {
		return "", 0
	}
	return key, magnitude - zeros + 1
}

func (n *numeral) compactPattern(key, category, integer, fraction string) string {
	if fraction == "" && (integer == "1" || integer == "0") {
		if p, ok := n.compact[key+"-count-"+integer]; ok {
			return p
		}
	}
	for _, count := range []string{category, "other"} {
		p, ok := n.compact[key+"-count-"+count]
		if !ok {
			continue
		}
		if n.money != "" && spelled(n.money, strings.Index(p, "¤") < strings.Index(p, "0")) {
			if alpha, ok := n.compact[key+"-count-"+count+"-alt-alphaNextToNumber"]; ok {
				return alpha
			}
		}
		return p
	}
	return ""
}

// spelled reports whether a symbol has a letter where it meets the number.
func spelled(symbol string, before bool) bool {
	r, _ := utf8.DecodeRuneInString(symbol)
	if before {
		r, _ = utf8.DecodeLastRuneInString(symbol)
	}
	return unicode.IsLetter(r)
}

// mark groups digits and writes them in the numbering system.
func (n *numeral) mark(integer, fraction string) []part {
	list := make([]part, 0, 8)
	first, size := len(integer), 0
	if n.grouped(len(integer)) {
		if size = n.secondary; len(integer) > n.primary {
			first = (len(integer) - n.primary) % n.secondary
			if first == 0 {
				first = n.secondary
			}
		}
	}
	if size == 0 {
		list = append(list, part{"integer", n.native(integer)})
	}
	for at := 0; size > 0 && at < len(integer); {
		end := at + size
		if at == 0 {
			end = min(first, len(integer))
		} else if len(integer)-at == n.primary {
			end = len(integer)
		}
		if at > 0 {
			list = append(list, part{"group", n.group})
		}
		list = append(list, part{"integer", n.native(integer[at:end])})
		at = end
	}
	if fraction != "" {
		list = append(list, part{"decimal", n.decimal}, part{"fraction", n.native(fraction)})
	}
	return list
}

func (n *numeral) grouped(digits int) bool {
	if n.primary == 0 {
		return false
	}
	switch n.grouping {
	case false:
		return false
	case "always":
		return digits > n.primary
	case "min2":
		return digits >= n.primary+2
	}
	return digits >= n.primary+n.least
}

// native writes digits in the numbering system.
func (s *symbols) native(text string) string {
	if s.digits == nil {
		return text
	}
	var b strings.Builder
	for _, c := range text {
		if c >= '0' && c <= '9' {
			b.WriteString(s.digits[c-'0'])
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (n *numeral) power(exponent int) []part {
	list := []part{{"exponentSeparator", n.exponential}}
	if exponent < 0 {
		list = append(list, part{"exponentMinusSign", n.minus})
		exponent = -exponent
	}
	return append(list, part{"exponentInteger", n.native(strconv.Itoa(exponent))})
}

// sign returns what is before and after the digits.
func (n *numeral) sign(h halves, neg, zero, about bool) (before, after []part) {
	sign := 0
	switch {
	case n.signs == "never" || zero && (n.signs == "exceptZero" || n.signs == "negative"):
	case neg:
		sign = -1
	case n.signs == "always" || n.signs == "exceptZero":
		sign = 1
	}
	var marks []part
	if about {
		marks = append(marks, part{"approximatelySign", n.about})
	}
	if sign < 0 {
		marks = append(marks, part{"minusSign", n.minus})
	} else if sign > 0 {
		marks = append(marks, part{"plusSign", n.plus})
	}
	switch {
	case h.negative && len(marks) > 0 && has(h.negBefore, h.negAfter, "minusSign"):
		return replaced(h.negBefore, marks), replaced(h.negAfter, marks)
	case h.negative && sign < 0:
		return append(marks[:len(marks)-1], h.negBefore...), h.negAfter
	}
	return append(marks, h.before...), h.after
}

// replaced puts signs where a pattern has a minus sign.
func replaced(list, marks []part) (out []part) {
	for _, p := range list {
		if p.Type == "minusSign" {
			out = append(out, marks...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

func has(before, after []part, kind string) bool {
	for _, list := range [][]part{before, after} {
		for _, p := range list {
			if p.Type == kind {
				return true
			}
		}
	}
	return false
}

// spaced puts a space between a currency that ends in a letter and the digits.
func spaced(before, after []part) (b, a []part) {
	space := part{"literal", "\u00a0"}
	if i := len(before) - 1; i >= 0 && before[i].Type == "currency" {
		if r, _ := utf8.DecodeLastRuneInString(before[i].Value); !unicode.IsSymbol(r) && !unicode.IsSpace(r) {
			before = append(before[:len(before):len(before)], space)
		}
	}
	if len(after) > 0 && after[0].Type == "currency" {
		if r, _ := utf8.DecodeRuneInString(after[0].Value); !unicode.IsSymbol(r) && !unicode.IsSpace(r) {
			after = append([]part{space}, after...)
		}
	}
	return before, after
}

// parts puts a number together.
func (w written) parts() []part {
	list := make([]part, 0, len(w.before)+len(w.digits)+len(w.after)+2)
	list = append(append(append(list, w.before...), w.digits...), w.after...)
	if w.outer != "" {
		before, after := w.wrapping()
		if !strings.Contains(w.outer, "{0}") { // "one hour"
			return before
		}
		list = append(append(before, list...), after...)
	}
	return tidy(list)
}

// wrapping returns the parts around the number in the pattern of a unit.
func (w written) wrapping() (before, after []part) {
	b, a, _ := strings.Cut(w.outer, "{0}")
	if b != "" {
		before = trimmed(b, w.outerKind)
	}
	if a != "" {
		after = trimmed(a, w.outerKind)
	}
	return before, after
}

// marked reports whether the symbol of a kind of part may have marks of direction.
func marked(kind string) bool {
	return kind == "minusSign" || kind == "plusSign" || kind == "percentSign" || kind == "unit"
}

// tidy joins literals that follow each other, and takes marks of direction out of signs.
func tidy(list []part) []part {
	const marks = "\u200e\u200f\u061c"
	needs := false
	for i, p := range list {
		needs = needs || i > 0 && p.Type == "literal" && list[i-1].Type == "literal" || marked(p.Type) && strings.ContainsAny(p.Value, marks)
	}
	if !needs {
		return list
	}
	var out []part
	for _, p := range list {
		pieces := []part{p}
		if marked(p.Type) {
			word := strings.Trim(p.Value, marks)
			b, a, _ := strings.Cut(p.Value, word)
			pieces = []part{{"literal", b}, {p.Type, word}, {"literal", a}}
		}
		for _, q := range pieces {
			switch {
			case q.Value == "":
			case len(out) > 0 && q.Type == "literal" && out[len(out)-1].Type == "literal":
				out[len(out)-1].Value += q.Value
			default:
				out = append(out, q)
			}
		}
	}
	return out
}

func (n *numeral) answer(method string, values []any) (any, error) {
	from, to := numeric(arg(values, 0)), numeric(arg(values, 1))
	if method == "range" || method == "rangeParts" {
		parts, err := n.formatRange(from, to)
		return formatted(method, parts, err)
	}
	return formatted(method, n.format(from), nil)
}

func (n *numeral) options() object {
	o := object{{"locale", n.name}, {"numberingSystem", n.system}, {"style", n.style}}
	switch n.style {
	case "currency":
		o = append(o, object{{"currency", n.currency}, {"currencyDisplay", n.shown}, {"currencySign", n.books}}...)
	case "unit":
		o = append(o, object{{"unit", n.unit}, {"unitDisplay", n.width}}...)
	}
	o = append(o, n.rounding.options()...)
	o = append(o, object{{"useGrouping", n.grouping}, {"notation", n.notation}}...)
	if n.notation == "compact" {
		o = append(o, property{"compactDisplay", n.long})
	}
	return append(o, object{{"signDisplay", n.signs}, {"roundingMode", n.mode}, {"roundingIncrement", n.increment}, {"trailingZeroDisplay", n.zeros}, {"roundingPriority", n.priority}}...)
}
