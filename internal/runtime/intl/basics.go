package intl

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

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
