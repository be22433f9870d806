package collation

import (
	"slices"
	"strings"
	"testing"
)

func TestOrders(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		want    string
	}{
		{"accents and case", Options{Tag: "de"}, "a A ä b B z"},
		{"an alphabet of its own", Options{Language: "sv", Tag: "sv"}, "z å ä ö"},
		{"that of Danish", Options{Language: "nb", Tag: "nb"}, "z æ ø å"},
		{"upper case first", Options{Tag: "en", UpperFirst: true}, "A a B b"},
		{"numbers", Options{Tag: "en", Numeric: true}, "a2 a10 b1"},
		{"the own script first", Options{Language: "ru", Tag: "ru"}, "1 а я a z α"},
		{"kana before kanji", Options{Language: "ja", Tag: "ja"}, "a ア い 日 я"},
		{"symbols of any age", Options{Tag: "en"}, "- 🙂 🫠 1 a"},
		{"another order", Options{Language: "de", Tag: "de-u-co-phonebk"}, "ad ä af"},
	} {
		test.options.Sensitivity = "variant"
		got := strings.Fields(test.want)
		slices.Reverse(got)
		slices.SortFunc(got, New(test.options).Compare)
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s: %s, want %s", test.name, s, test.want)
		}
	}
}

func TestSensitivity(t *testing.T) {
	for sensitivity, want := range map[string][4]int{"base": {0, 0, 0, 0}, "accent": {0, -1, 0, -1}, "case": {-1, 0, -1, -1}, "variant": {-1, -1, -1, -1}} {
		c := New(Options{Tag: "en", Sensitivity: sensitivity, IgnorePunctuation: true})
		got := [4]int{c.Compare("a", "A"), c.Compare("a", "á"), c.Compare("co-op", "coOp"), c.Compare("a", "Á")}
		if got != want {
			t.Errorf("%s: %v, want %v", sensitivity, got, want)
		}
	}
}
