package intl

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"fazt/internal/runtime/intl/cldr"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/sentences"
	"github.com/clipperhouse/uax29/v2/words"
)

// segmenter is a resolved Intl.Segmenter.
type segmenter struct {
	locale      cldr.Locale
	granularity string
}

// answer returns the lengths of the segments of a text in UTF-16, negative for a word that is none: space or punctuation.
func (s *segmenter) answer(_ string, values []any) (any, error) {
	text, _ := arg(values, 0).(string)
	lengths := []int{}
	add := func(segment string) {
		n := 0
		for _, r := range segment {
			n += utf16.RuneLen(r)
		}
		if s.granularity == "word" && !strings.ContainsFunc(segment, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			n = -n
		}
		lengths = append(lengths, n)
	}
	switch s.granularity {
	case "word":
		for next := words.FromString(text); next.Next(); {
			add(next.Value())
		}
	case "sentence":
		for next := sentences.FromString(text); next.Next(); {
			add(next.Value())
		}
	default:
		for next := graphemes.FromString(text); next.Next(); {
			add(next.Value())
		}
	}
	return lengths, nil
}

func (s *segmenter) options() object {
	return object{{"locale", s.locale.Name}, {"granularity", s.granularity}}
}
