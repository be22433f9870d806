// Package intl formats dates and numbers for Intl and toLocaleString of functions, in en-US. The formatters are generated:
// `make web` takes them from a Go package that has the data of that locale (tools/intl).
package intl

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fazt/internal/errs"
)

const (
	// maxText is how many bytes a question may have.
	maxText = 64 << 10
	// maxZones is how many names of time zones are remembered, valid or not, and maxZoneName how long one may be.
	maxZones    = 1000
	maxZoneName = 64
)

// question is what the part "intl" of the web-standard API asks, as an array of JSON.
type question struct {
	method  string         // "NumberFormat.format", "Date.toLocaleString", …
	locales []string       // nil = none
	options map[string]any // nil = none
	value   []string       // its kind, "number", "bigint" or "string", and its text
}

// Answer answers a question in JSON: {"value": …}, or {"error": …, "message": …} with the name of the error to throw.
func Answer(text string) (string, error) {
	if len(text) > maxText {
		return "", errs.New(errs.TooLarge, "the value to format with Intl is longer than %d bytes", maxText)
	}
	q := question{}
	if err := json.Unmarshal([]byte(text), &[]any{&q.method, &q.locales, &q.options, &q.value}); err != nil {
		return "", fmt.Errorf("intl: %w", err)
	}
	var answer any
	if value, err := q.answer(); err == nil {
		answer = map[string]any{"value": value}
	} else {
		e := &jsError{ctor: "Error", msg: err.Error()}
		errors.As(err, &e)
		answer = map[string]string{"error": e.ctor, "message": e.msg}
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("intl: %w", err)
	}
	return string(out), nil
}

func (q *question) answer() (any, error) {
	if q.options == nil {
		q.options = map[string]any{}
	}
	of, name, _ := strings.Cut(q.method, ".")
	switch of {
	case "Intl":
		return canonicalLocales(q.locales)
	case "Date", "DateTimeFormat":
		return q.date(name)
	case "Number", "NumberFormat":
		return q.number(name)
	}
	return nil, fmt.Errorf("unknown method %q", q.method)
}

func canonicalLocales(tags []string) (any, error) {
	list, seen := []string{}, map[string]bool{}
	for _, tag := range tags {
		s, err := canonicalLocale(tag)
		if err != nil {
			return nil, err
		}
		if !seen[s] {
			list, seen[s] = append(list, s), true
		}
	}
	return list, nil
}

// result is what a method returns of the parts of a text.
func result(method string, parts []part) any {
	if method == "formatToParts" {
		return parts
	}
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Value)
	}
	return b.String()
}

// defaultZone is the time zone of the machine; it does not change while the program runs.
var defaultZone = sync.OnceValue(localTimeZone) //nolint:gochecknoglobals // a memo of a fact about the machine

func (q *question) date(method string) (any, error) {
	if err := dateDefaults(method, q.options); err != nil {
		return nil, err
	}
	digits(q.options, "fractionalSecondDigits")
	f, err := resolveDateTimeFormat(request{Locales: q.locales, Options: q.options}, defaultZone())
	if err != nil || method == "resolvedOptions" {
		return f, err
	}
	ms, ok := q.float()
	if !ok {
		ms = math.NaN()
	}
	parts, err := f.format(ms)
	if err != nil {
		return nil, err
	}
	return result(method, parts), nil
}

// Fields of a date and of a time. When options have none, those with a default are shown.
var (
	dateFields     = []string{"weekday", "year", "month", "day"}
	timeFields     = []string{"dayPeriod", "hour", "minute", "second", "fractionalSecondDigits"}
	dateByDefault  = []string{"year", "month", "day"}
	timeByDefault  = []string{"hour", "minute", "second"}
	styles         = []string{"dateStyle", "timeStyle"}
	digitOfNumbers = []string{"minimumIntegerDigits", "minimumFractionDigits", "maximumFractionDigits", "minimumSignificantDigits", "maximumSignificantDigits"}
)

// dateDefaults completes options as the standard does for a method (ToDateTimeOptions).
func dateDefaults(method string, options map[string]any) error {
	switch method {
	case "toLocaleDateString":
		if hasAny(options, styles[1:]) {
			return typeError("Option timeStyle is not usable when formatting a date")
		}
		setDefaults(options, dateFields, dateByDefault)
	case "toLocaleTimeString":
		if hasAny(options, styles[:1]) {
			return typeError("Option dateStyle is not usable when formatting a time")
		}
		setDefaults(options, timeFields, timeByDefault)
	case "toLocaleString":
		setDefaults(options, slices.Concat(dateFields, timeFields), slices.Concat(dateByDefault, timeByDefault))
	}
	setDefaults(options, slices.Concat(dateFields, timeFields), dateByDefault)
	return nil
}

// setDefaults shows the fields of defaults if options have none of fields, and no style.
func setDefaults(options map[string]any, fields, defaults []string) {
	if hasAny(options, fields) || hasAny(options, styles) {
		return
	}
	for _, field := range defaults {
		options[field] = "numeric"
	}
}

func hasAny(options map[string]any, names []string) bool {
	for _, name := range names {
		if _, ok := options[name]; ok {
			return true
		}
	}
	return false
}

// digits makes options numbers: JSON has null for NaN and infinities, which no option may be. As a number, that is 0.
func digits(options map[string]any, names ...string) {
	for _, name := range names {
		if v, ok := options[name]; ok && v == nil {
			options[name] = 0.0
		}
	}
}

func (q *question) number(method string) (any, error) {
	digits(q.options, digitOfNumbers...)
	f, err := resolveNumberFormat(request{Locales: q.locales, Options: q.options})
	if err != nil {
		return nil, err
	}
	if method == "resolvedOptions" {
		f.CompactRound = false // which is no option
		return f, nil
	}
	parts, err := f.format(q.numeric())
	if err != nil {
		return nil, err
	}
	return result(method, parts), nil
}

// numeric returns the value to format: a number, or the text of one whose digits all count.
func (q *question) numeric() any {
	if len(q.value) != 2 {
		return math.NaN()
	}
	kind, text := q.value[0], strings.TrimSpace(q.value[1])
	n, ok := q.float()
	switch {
	case kind == "bigint":
		// Only digits: an exponent, which a script can put there, would be written out as zeros.
		if digits := strings.TrimPrefix(text, "-"); digits == "" || strings.Trim(digits, "0123456789") != "" {
			return math.NaN()
		}
		return text
	case !ok:
		return math.NaN()
	case kind == "number" || n == 0 || math.IsInf(n, 0): // the standard rounds a text to 0 or infinity where a number would be
		return n
	}
	return text
}

// float returns the value as a number. JavaScript has no other words for numbers than these.
func (q *question) float() (n float64, ok bool) {
	if len(q.value) != 2 {
		return 0, false
	}
	text := strings.TrimSpace(q.value[1])
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
