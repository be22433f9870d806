package intl

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// formatRange formats a range as ICU does: what is the same at both ends is written once, unless it is a single character.
func (n *numeral) formatRange(from, to any) ([]part, error) {
	a, b := n.write(from, false), n.write(to, false)
	for _, w := range []written{a, b} {
		if len(w.digits) > 0 && w.digits[0].Type == "nan" {
			return nil, rangeError("Invalid number value: NaN")
		}
	}
	if text(a.parts()) == text(b.parts()) {
		return sourced(n.write(from, true).parts(), "shared"), nil
	}
	outer := a.outer == b.outer || a.outer != "" && b.outer != ""
	middle := outer && slices.Equal(a.before, b.before) && slices.Equal(a.after, b.after)
	length := utf8.RuneCountInString(text(a.before) + text(a.after))
	collapse := middle && length > 1
	infix, _, _ := strings.Cut(strings.TrimPrefix(n.infix, "{0}"), "{1}")
	if !outer && (a.outer != "" || b.outer != "") || !collapse && length > 0 || n.notation == "scientific" || n.notation == "engineering" {
		infix = padded(infix)
	}
	var list []part
	add := func(p []part, source string) { list = append(list, sourced(tidy(p), source)...) }
	var before, after []part
	if a.outer != "" {
		b.category = n.plural.Span(a.category, b.category)
		if b.outer = n.outer[b.category]; b.outer == "" {
			b.outer = n.outer["other"]
		}
		before, after = b.wrapping()
	}
	add(before, "shared")
	if collapse {
		add(a.before, "shared")
		add(a.digits, "startRange")
		add([]part{{"literal", infix}}, "shared")
		add(b.digits, "endRange")
		add(a.after, "shared")
	} else {
		a.outer, b.outer = "", ""
		add(a.parts(), "startRange")
		add([]part{{"literal", infix}}, "shared")
		add(b.parts(), "endRange")
	}
	add(after, "shared")
	return list, nil
}

// padded puts spaces around the sign between two numbers, unless there are some.
func padded(infix string) string {
	if !strings.HasPrefix(infix, " ") && !strings.HasPrefix(infix, "\u00a0") {
		infix = " " + infix
	}
	if !strings.HasSuffix(infix, " ") && !strings.HasSuffix(infix, "\u00a0") {
		infix += " "
	}
	return infix
}

func sourced(list []part, source string) []part {
	out := make([]part, len(list))
	for i, p := range list {
		out[i] = part{p.Type + "\x00" + source, p.Value}
	}
	return out
}
