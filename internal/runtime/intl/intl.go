// Package intl is Intl of functions: it formats numbers, dates, lists and names, compares and cuts text, as ECMA-402 says, with
// the data of package cldr. How to round decimals and which time zones there are is generated (tools/intl).
package intl

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"fazt/internal/errs"
	"fazt/internal/runtime/intl/cldr"
)

const (
	// maxText is how many bytes a value to format may have, and maxLong a text to cut or compare.
	maxText = 64 << 10
	maxLong = 1 << 20
	// maxKept is how many formatters are kept for the next question, and maxAsked how long the options of one may be.
	maxKept  = 300
	maxAsked = 4 << 10
	// maxZones is how many names of time zones are remembered, valid or not, and maxZoneName how long one may be.
	maxZones    = 1000
	maxZoneName = 64
)

// formatter is an object of Intl. It answers the methods of its kind; options are those that resolvedOptions reports.
type formatter interface {
	answer(method string, values []any) (any, error)
	options() object
}

// object is a JSON object whose properties have an order.
type object []property

type property struct {
	name  string
	value any
}

// MarshalJSON leaves out properties that are nil or "".
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for _, p := range o {
		if p.value == nil || p.value == "" {
			continue
		}
		value, err := json.Marshal(p.value)
		if err != nil {
			return nil, err
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), p.name...), `":`...)
		b = append(b, value...)
	}
	return append(b, '}'), nil
}

// options of a constructor, read and checked by the script: strings, numbers and booleans.
type options map[string]any

func (o options) text(name string) string { s, _ := o[name].(string); return s }
func (o options) has(name string) bool    { return o[name] != nil }
func (o options) number(name string, otherwise int) int {
	if n, ok := o[name].(float64); ok {
		return int(n)
	}
	return otherwise
}

// kept are formatters by the question that made them: scripts make the same ones again and again.
type kept struct {
	sync.Mutex
	list map[string]formatter
}

var memo = &kept{}

// Answer answers what the part "intl" of the web-standard API asks. The key is an array of JSON, with the constructor, the
// locales and the options; the values are numbers and texts. The answer is "v" and a text, "j" and JSON, or "e" and the name and
// message of the error to throw.
func Answer(method, key string, values []any) (string, error) {
	size := len(key)
	for _, v := range values {
		if s, ok := v.(string); ok {
			size += len(s)
		}
	}
	if limit := limitOf(method); size > limit {
		return "", errs.New(errs.TooLarge, "the value for Intl is longer than %d bytes", limit)
	}
	if err := cldr.Available(); err != nil {
		return "", err
	}
	answer, err := ask(method, key, values)
	if e := (*jsError)(nil); errors.As(err, &e) {
		return "e" + e.ctor + ":" + e.msg, nil
	} else if err != nil {
		return "", fmt.Errorf("intl: %w", err)
	}
	if s, ok := answer.(string); ok {
		return "v" + s, nil
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("intl: %w", err)
	}
	return "j" + string(out), nil
}

func limitOf(method string) int {
	switch method {
	case "compare", "segment", "upper", "lower", "list", "listParts":
		return maxLong
	}
	return maxText
}

func ask(method, key string, values []any) (any, error) {
	if answer, ok, err := general(method, key, values); ok {
		return answer, err
	}
	memo.Lock()
	f, ok := memo.list[key]
	memo.Unlock()
	if !ok {
		var err error
		if f, err = construct(key); err != nil {
			return nil, err
		}
		memo.keep(key, f)
	}
	switch method {
	case "check": // that the formatter can be made
		return "", nil
	case "resolvedOptions":
		return f.options(), nil
	}
	return f.answer(method, values)
}

func (k *kept) keep(key string, f formatter) {
	k.Lock()
	defer k.Unlock()
	if len(k.list) >= maxKept || k.list == nil {
		k.list = map[string]formatter{}
	}
	if len(key) <= maxAsked {
		k.list[key] = f
	}
}

func construct(key string) (formatter, error) {
	var kind string
	var locales []string
	o := options{}
	if err := json.Unmarshal([]byte(key), &[]any{&kind, &locales, &o}); err != nil {
		return nil, err
	}
	tags, err := parseTags(locales)
	if err != nil {
		return nil, err
	}
	kind, method, _ := strings.Cut(kind, ".")
	switch kind {
	case "NumberFormat":
		return newNumeral(tags, o)
	case "DateTimeFormat":
		return newMoments(method, tags, o)
	case "PluralRules":
		return newPlurals(tags, o)
	case "ListFormat":
		return newLists(tags, o), nil
	case "RelativeTimeFormat":
		return newRelative(tags, o)
	case "DisplayNames":
		return newNames(tags, o), nil
	case "Collator":
		return newCollator(tags, o), nil
	case "Segmenter":
		return &segmenter{cldr.Resolve(tags), o.text("granularity")}, nil
	}
	return nil, fmt.Errorf("there is no constructor %q", kind)
}

func parseTags(locales []string) ([]cldr.Tag, error) {
	tags := make([]cldr.Tag, len(locales))
	for i, text := range locales {
		t, ok := cldr.Parse(text)
		if !ok {
			return nil, rangeError("Incorrect locale information provided")
		}
		tags[i] = t
	}
	return tags, nil
}

// text joins parts.
func text(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Value)
	}
	return b.String()
}

// formatted returns what a method returns of parts: a text, or the parts themselves.
func formatted(method string, parts []part, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(strings.ToLower(method), "parts") {
		return text(parts), nil
	}
	list := make([]object, len(parts))
	for i, p := range parts {
		kind, more, _ := strings.Cut(p.Type, "\x00")
		name := "source"
		if method != "rangeParts" {
			name = "unit"
		}
		list[i] = object{{"type", kind}, {"value", p.Value}, {name, more}}
	}
	return list, nil
}

func arg(values []any, i int) any {
	if i < len(values) {
		return values[i]
	}
	return nil
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

func (r *rounding) options() object {
	o := object{{"minimumIntegerDigits", r.minInt}}
	if r.bySignificant {
		o = append(o, object{{"minimumSignificantDigits", r.minSig}, {"maximumSignificantDigits", r.maxSig}}...)
	}
	if r.byFraction {
		o = append(o, object{{"minimumFractionDigits", r.minFrac}, {"maximumFractionDigits", r.maxFrac}}...)
	}
	return o
}

func (m *moments) answer(method string, values []any) (any, error) {
	if method == "range" || method == "rangeParts" {
		parts, err := m.formatRange(arg(values, 0), arg(values, 1))
		return formatted(method, parts, err)
	}
	parts, err := m.format(arg(values, 0))
	if method == "format" {
		parts, err = m.plain(arg(values, 0))
	}
	return formatted(method, parts, err)
}

func (m *moments) options() object {
	o := object{{"locale", m.name}, {"calendar", "gregory"}, {"numberingSystem", m.system}, {"timeZone", m.zoneID}}
	if m.cycle != "" {
		o = append(o, object{{"hourCycle", m.cycle}, {"hour12", m.cycle < "h2"}}...)
	}
	if m.dateStyle == "" && m.timeOf == "" {
		r := m.reported()
		for _, f := range []string{"weekday", "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second", "fractionalSecondDigits", "timeZoneName"} {
			o = append(o, property{f, r[f]})
		}
	}
	return append(o, object{{"dateStyle", m.dateStyle}, {"timeStyle", m.timeOf}}...)
}

// numeric returns a value as a number, or as the text of one whose digits all count.
func numeric(v any) any {
	s, ok := v.(string)
	if !ok || s == "" {
		return v
	}
	if kind := s[0]; kind == 'n' { // a BigInt
		if s = s[1:]; s == "" || s == "-" || strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") != "" {
			return math.NaN()
		}
		return s
	}
	s = strings.TrimSpace(s[1:])
	n, ok := floatOf(s)
	switch {
	case !ok:
		return math.NaN()
	case n == 0 || math.IsInf(n, 0): // the standard rounds a text to 0 or infinity where a number would be
		return n
	}
	return s
}

// floatOf returns a text as a number. JavaScript has no other words for numbers than these.
func floatOf(text string) (n float64, ok bool) {
	switch strings.TrimLeft(text, "+-") {
	case "":
		return 0, text == ""
	case "Infinity":
	default:
		if strings.ContainsAny(text, "inpxINPX_") {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
