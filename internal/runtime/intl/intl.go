// Package intl is Intl of functions: it formats numbers, dates, lists and names, compares and cuts text, as ECMA-402 says, with
// the data of package cldr. How to round decimals and which time zones there are is generated (tools/intl).
package intl

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"fazt/internal/errs"
	"fazt/internal/runtime/intl/cldr"
)

// formatter is an object of Intl. It answers the methods of its kind; options are those that resolvedOptions reports.
type formatter interface {
	answer(method string, values []any) (any, error)
	options() object
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
