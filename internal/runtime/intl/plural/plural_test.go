package plural

import (
	"strings"
	"testing"

	"fazt/internal/runtime/intl/cldr"
)

func TestCategories(t *testing.T) {
	for _, test := range []struct{ locale, kind, numbers, want string }{
		{"en", "cardinal", "0 1 1.0 1.5 2", "other one other other other"},
		{"en", "ordinal", "1 2 3 4 11 21 22 113", "one two few other other one two other"},
		{"fr", "cardinal", "0 1 1.5 2 1000000", "one one one other many"},
		{"pl", "cardinal", "1 2 5 12 22 1.5", "one few many many few other"},
		{"ar", "cardinal", "0 1 2 3 11 100", "zero one two few many other"},
		{"ja", "cardinal", "0 1 2", "other other other"},
		{"lv", "cardinal", "0 1 0.1 11 21", "zero one one zero one"},
		{"zh-TW", "ordinal", "1 2", "other other"},
	} {
		tag, _ := cldr.Parse(test.locale)
		rules := New(cldr.Resolve([]cldr.Tag{tag}), test.kind)
		var got []string
		for number := range strings.FieldsSeq(test.numbers) {
			integer, fraction, _ := strings.Cut(number, ".")
			got = append(got, rules.Of(integer, fraction))
		}
		if s := strings.Join(got, " "); s != test.want {
			t.Errorf("%s of %s: %s are %s, want %s", test.kind, test.locale, test.numbers, s, test.want)
		}
	}
}
