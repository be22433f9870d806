package pattern

import (
	"slices"
	"testing"
)

func TestPatternsAreWrittenAsTheyWereRead(t *testing.T) {
	for _, p := range []string{"d. MMMM y", "h 'o''clock' a", "'a' d", "y年M月d日", ""} {
		if got := Parse(Format(Parse(p))); !slices.Equal(got, Parse(p)) {
			t.Errorf("%q becomes %+v", p, got)
		}
	}
	if got := Parse("H 'h' mm"); len(got) != 3 || got[1].Text != " h " {
		t.Errorf("%+v", got)
	}
}

func TestTheClosestPatternIsAdjusted(t *testing.T) {
	g := New(Data{
		Available: map[string]string{"yMMMd": "d. MMM y", "yMd": "d.M.y", "Hm": "HH:mm", "hm": "h:mm a", "E": "ccc", "y": "y", "hms": "h:mm:ss a"},
		Styles:    []string{"EEEE, d. MMMM y", "dd.MM.yy", "HH:mm:ss"},
		Append:    map[string]string{"Timezone": "{0} {1}", "Era": "{0} {1}"},
		Name:      func(field string) string { return field },
		Glue: func(style string) string {
			return map[string]string{"long": "{1} 'at' {0}"}[style] + map[bool]string{true: "{1}, {0}"}[style != "long"]
		},
		Hour: 'H',
	})
	for skeleton, want := range map[string]string{
		"yMMMd": "d. MMM y", "yMMMMd": "d. MMMM y", "yMMMMEEEEd": "EEEE, d. MMMM y", "yMd": "d.M.y", "Hmm": "HH:mm", "hm": "h:mm a", "yMMMMdHm": "d. MMMM y 'at' HH:mm", "yMdhm": "d.M.y, h:mm a",
		"yG": "G y", "Hmz": "HH:mm z", "hmsSSS": "h:mm:ss\x01SSS a",
	} {
		if got := g.Best(skeleton, true); got != want {
			t.Errorf("%s: %q, want %q", skeleton, got, want)
		}
	}
	if got := Skeleton("EEEE, d. MMMM y 'at' h:mm a"); got != "yMMMMEEEEdhmm" {
		t.Error(got)
	}
}

func FuzzBest(f *testing.F) {
	g := New(Data{Available: map[string]string{"yMMMd": "d. MMM y"}, Name: func(field string) string { return field }, Glue: func(string) string { return "{1} {0}" }, Hour: 'h'})
	f.Add("yMMMMEEEEdhmmsszzzz")
	f.Add("'q' BBBBBv")
	f.Fuzz(func(_ *testing.T, skeleton string) {
		Format(Parse(skeleton))
		Skeleton(skeleton)
		g.Best(skeleton, true)
		g.Best(skeleton, false)
	})
}
