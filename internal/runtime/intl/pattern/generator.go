package pattern

import (
	"cmp"
	"maps"
	"math"
	"math/bits"
	"slices"
	"strings"
)

// Generator finds the patterns of a locale.
type Generator struct {
	list   []candidate
	append [fields]string
	names  [fields]string
	glue   func(style string) string
	hour   byte // of the locale's own clock
}

type candidate struct {
	skeleton
	pattern string
	given   bool // the skeleton is part of the data; else it was derived from the pattern
}

// base returns the kinds of fields without the number of digits.
func (s skeleton) base() (kinds [fields]int) {
	for f, k := range s.kinds {
		if kinds[f] = k; k > 0 {
			kinds[f] -= s.count[f]
		}
	}
	return kinds
}

// first returns the letter of the first field; the "a" that a clock of twelve hours adds does not count.
func (c candidate) first() byte {
	for _, letter := range c.letter {
		if letter != 0 && letter != 'a' {
			return letter
		}
	}
	return 'a'
}

// Data is what a locale has.
type Data struct {
	Available map[string]string         // skeleton -> pattern
	Styles    []string                  // the patterns of the styles of dates and times
	Append    map[string]string         // "Era" -> "{0} {1}"
	Name      func(field string) string // its name in the locale
	Glue      func(style string) string // "{1}, {0}" for a style of dates
	Hour      byte
}

// New makes a generator.
func New(d Data) *Generator {
	g := &Generator{glue: d.Glue, hour: d.Hour}
	seen := map[[fields]int]bool{}
	add := func(s skeleton, pattern string, given bool) {
		if base := s.base(); !seen[base] {
			seen[base] = true
			g.list = append(g.list, candidate{s, pattern, given})
		}
	}
	for _, letter := range "GyQMwWEdDFHmsSv" {
		add(skeletonOf(string(letter)), string(letter), false)
	}
	for _, p := range d.Styles {
		add(skeletonOf(p), p, false)
	}
	for _, key := range slices.Sorted(maps.Keys(d.Available)) {
		s := skeletonOf(key)
		if i := slices.IndexFunc(g.list, func(c candidate) bool { return !c.given && c.kinds == s.kinds }); i >= 0 {
			g.list = slices.Delete(g.list, i, i+1)
		}
		g.list = append(g.list, candidate{s, d.Available[key], true})
	}
	// Of candidates that are equally close the first is taken, in the order in which ICU keeps them.
	slices.SortStableFunc(g.list, func(a, b candidate) int { return cmp.Compare(a.first(), b.first()) })
	for field, name := range map[int][2]string{era: {"Era", "era"}, year: {"Year", "year"}, quarter: {"Quarter", "quarter"}, month: {"Month", "month"}, weekOfYear: {"Week", "week"}, weekOfMonth: {"Week", "week"},
		weekday: {"Day-Of-Week", "weekday"}, day: {"Day", "day"}, dayPeriod: {"Day", "dayperiod"}, hour: {"Hour", "hour"}, minute: {"Minute", "minute"}, second: {"Second", "second"}, zone: {"Timezone", "zone"}} {
		g.append[field], g.names[field] = d.Append[name[0]], d.Name(name[1])
	}
	return g
}

// Best returns the pattern for a skeleton. Hours have the width of the skeleton if exactHour, else that of the locale.
func (g *Generator) Best(wanted string, exactHour bool) string {
	want := skeletonOf(wanted)
	best, missing, extra := g.closest(&want, -1)
	if missing == 0 && extra == 0 {
		return g.adjust(best, &want, false, exactHour)
	}
	date, clock := g.appended(&want, want.mask()&dates, exactHour), g.appended(&want, want.mask()&times, exactHour)
	switch {
	case date == "":
		return clock
	case clock == "":
		return date
	}
	style := "short"
	switch n := want.count[month]; {
	case n == 4 && want.kinds[weekday] != 0:
		style = "full"
	case n == 4:
		style = "long"
	case n == 3:
		style = "medium"
	}
	return strings.NewReplacer("{0}", clock, "{1}", date).Replace(g.glue(style))
}

// closest returns the candidate that is closest to a skeleton, of which only the fields of a mask count, and the fields that
// only one of them has.
func (g *Generator) closest(want *skeleton, mask int) (best candidate, missing, extra int) {
	nearest := math.MaxInt
	for _, c := range g.list {
		distance, lacks, has := 0, 0, 0
		for f := range fields {
			mine, other := want.kinds[f], c.kinds[f]
			if mask&(1<<f) == 0 {
				mine = 0
			}
			switch {
			case mine == other:
			case mine == 0:
				distance += 0x10000
				has |= 1 << f
			case other == 0:
				distance += 0x1000
				lacks |= 1 << f
			default:
				distance += max(mine-other, other-mine)
			}
		}
		if distance < nearest || distance == nearest && missing < lacks {
			nearest, best, missing, extra = distance, c, lacks, has
		}
		if distance == 0 {
			break
		}
	}
	return best, missing, extra
}

// appended returns a pattern of some fields, adding to the closest one what it lacks.
func (g *Generator) appended(want *skeleton, mask int, exactHour bool) string {
	if mask == 0 {
		return ""
	}
	best, missing, _ := g.closest(want, mask)
	pattern := g.adjust(best, want, false, exactHour)
	for last := 0; missing != 0 && missing != last; {
		const seconds = 1<<second | 1<<fraction
		if missing&seconds == 1<<fraction && mask&seconds == seconds {
			pattern = g.adjust(candidate{best.skeleton, pattern, best.given}, want, true, exactHour)
			missing &^= 1 << fraction
			continue
		}
		last = missing
		more, left, _ := g.closest(want, missing)
		found := missing &^ left
		field := bits.Len(uint(found)) - 1
		if field < 0 {
			break
		}
		form := cmp.Or(g.append[field], "{0} {1}")
		pattern = strings.NewReplacer("{0}", pattern, "{1}", g.adjust(more, want, false, exactHour), "{2}", "'"+g.names[field]+"'").Replace(form)
		missing = left
	}
	return pattern
}

// adjust gives the fields of a pattern the widths that are wanted.
func (g *Generator) adjust(c candidate, want *skeleton, fractions, exactHour bool) string {
	items := Parse(c.pattern)
	var out []Item
	for _, it := range items {
		k, ok := kindOf(it.Letter)
		if !ok {
			out = append(out, it)
			continue
		}
		f := k.field
		switch {
		case fractions && f == second:
			out = append(out, it, Item{Text: "\x01"}, Item{Letter: 'S', Count: want.count[fraction]})
			continue
		case want.kinds[f] == 0 || fractions:
			out = append(out, it)
			continue
		}
		letter, n := want.letter[f], want.count[f]
		if letter == 'E' && n < 3 {
			n = 3
		}
		length := n
		if f == minute || f == second || f == hour && !exactHour {
			length = it.Count
		} else if c.given && letter != 'c' && letter != 'e' {
			isNumber, wantsNumber := k.of(it.Count) > 0, want.kinds[f] > 0
			if c.count[f] == n || isNumber != wantsNumber {
				length = it.Count
			}
		}
		if f == hour || f == month || f == weekday || f == year && letter != 'Y' {
			letter = it.Letter
		}
		if letter == 'E' && length < 3 {
			letter = 'e'
		}
		if f == hour {
			letter = g.clock(letter, want.letter[f])
		}
		out = append(out, Item{Letter: letter, Count: length})
	}
	return Format(out)
}

// clock returns the letter for an hour, if the locale's own clock differs.
func (g *Generator) clock(letter, wanted byte) byte {
	switch {
	case wanted == g.hour, wanted == 'h' && g.hour == 'K', wanted == 'H' && g.hour == 'k', wanted == 'k' && g.hour == 'H', wanted == 'K' && g.hour == 'h':
		return g.hour
	}
	return letter
}

// Skeleton returns the fields of a pattern in the order of ICU.
func Skeleton(pattern string) string {
	s := skeleton{}
	for _, it := range Parse(pattern) {
		s.add(it.Letter, it.Count)
	}
	var b strings.Builder
	for f := range fields {
		if s.kinds[f] != 0 && !(f == dayPeriod && s.letter[f] == 'a') {
			b.WriteString(strings.Repeat(string(s.letter[f]), s.count[f]))
		}
	}
	return b.String()
}
