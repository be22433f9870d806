package intl

import (
	"strings"

	"fazt/internal/runtime/intl/cldr"
)

// unitPatterns returns the patterns of a unit, by plural category.
func unitPatterns(l cldr.Locale, unit, width string) map[string]string {
	patterns := cldr.Under(l.Data, "units", width+"/"+unit+"/")
	delete(patterns, "per")
	first, second, compound := strings.Cut(unit, "-per-")
	if !compound || len(patterns) > 0 {
		return patterns
	}
	patterns = cldr.Under(l.Data, "units", width+"/"+first+"/")
	delete(patterns, "per")
	per := l.Text("units", width+"/"+second+"/per")
	if per == "" {
		one := l.Text("units", width+"/"+second+"/one")
		if one == "" {
			one = l.Text("units", width+"/"+second+"/other")
		}
		name := strings.TrimSpace(strings.Trim(strings.Replace(one, "{0}", "", 1), "\u00a0"))
		per = strings.Replace(l.Text("units", width+"/per"), "{1}", name, 1)
	}
	for count, p := range patterns {
		patterns[count] = strings.Replace(per, "{0}", p, 1)
	}
	return patterns
}
