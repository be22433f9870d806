package intl

import (
	"strings"
	"time"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/pattern"
)

// Fields in which two times can differ, from the largest.
const (
	inEra = iota
	inYear
	inMonth
	inDay
	inHalf
	inHour
	inMinute
	inSecond
	inFraction
	same
)

// differLetters are the keys of the patterns of ranges.
var differLetters = []string{"G", "y", "M", "d", "a", "h", "m"}

// intervals has the patterns of ranges, by the largest field in which the ends differ, as DateIntervalFormat of ICU has them.
type intervals struct {
	m          *moments
	both       map[int]string // a pattern for both ends
	each       map[int]string // a pattern for each of them
	date, time string         // the pattern in two halves, if there are both
	whole      []pattern.Item // the pattern for one time
}

func newIntervals(m *moments) *intervals {
	v := &intervals{m: m, both: map[int]string{}, each: map[int]string{}}
	date, clock := halvesOf(pattern.Skeleton(pattern.Format(m.pattern)))
	info := cldr.Under(m.locale.Data, "dates", "interval/")
	generator := generatorOf(m.locale, hourOf(m.locale))
	best := func(skeleton string) string { return m.clocked(generator.Best(skeleton, false), m.cycle) }
	found := v.separate(info, date, clock)
	v.whole = pattern.Parse(best(date + clock))
	switch {
	case clock == "" || !found && date != "":
	case date == "":
		for _, field := range []int{inDay, inMonth, inYear, inEra} {
			v.each[field] = best("yMd" + clock)
		}
	default:
		skeleton := date + clock
		for _, f := range []struct {
			field  int
			letter string
		}{{inDay, "d"}, {inMonth, "M"}, {inYear, "y"}} {
			if !strings.ContainsAny(date, f.letter) && !(f.letter == "M" && strings.Contains(date, "L")) {
				skeleton = f.letter + skeleton
				v.each[f.field] = best(skeleton)
			}
		}
		glue := m.locale.Text("dates", "glue/medium")
		for _, field := range []int{inHalf, inHour, inMinute} {
			if p := v.both[field]; p != "" {
				v.both[field] = strings.NewReplacer("{0}", p, "{1}", best(date)).Replace(glue)
			}
		}
	}
	if date != "" && clock != "" {
		v.date, v.time = best(date), best(clock)
	}
	return v
}

// halvesOf splits a skeleton into the fields of a date and of a time.
func halvesOf(skeleton string) (date, clock string) {
	for _, it := range pattern.Parse(skeleton) {
		text := strings.Repeat(string(it.Letter), it.Count)
		if strings.IndexByte("aBbHhKkmsSzvOV", it.Letter) >= 0 {
			clock += text
		} else {
			date += text
		}
	}
	return date, clock
}

// normal is a skeleton as the keys of patterns of ranges are written.
func normal(skeleton string) string {
	var b strings.Builder
	for _, it := range pattern.Parse(skeleton) {
		n, letter := it.Count, it.Letter
		switch letter {
		case 'K':
			letter = 'h'
		case 'k':
			letter = 'H'
		}
		switch {
		case strings.IndexByte("dHhmvz", letter) >= 0, strings.IndexByte("MLEc", letter) >= 0 && n < 3 || letter == 'E' && n == 3:
			n = 1
		}
		b.WriteString(strings.Repeat(string(letter), n))
	}
	return b.String()
}

// separate takes the patterns of dates, or of times, that the locale has; false = it has none for these fields.
func (v *intervals) separate(info map[string]string, date, clock string) bool {
	skeleton := normal(clock)
	if clock == "" {
		skeleton = normal(date)
	}
	best, difference := closestInterval(info, skeleton)
	if best == "" || difference < 0 {
		return false
	}
	if clock != "" {
		for _, field := range []int{inMinute, inHour, inHalf} {
			v.take(info, field, skeleton, best, difference)
		}
		return true
	}
	v.take(info, inDay, skeleton, best, difference)
	if wider, widest := v.take(info, inMonth, skeleton, best, difference); wider != "" {
		skeleton, best = wider, widest
	}
	v.take(info, inYear, skeleton, best, difference)
	v.take(info, inEra, skeleton, best, difference)
	return true
}

// take takes the pattern for a field. Where there is none it looks under the skeleton with that field, which it returns.
func (v *intervals) take(info map[string]string, field int, skeleton, best string, difference int) (wider, widest string) {
	get := func(best string, field int) string {
		if field == inHour && strings.ContainsAny(best, "Hk") {
			return info[best+"/H"]
		}
		if p, ok := info[best+"/B"]; ok && field == inHalf {
			return p
		}
		return info[best+"/"+differLetters[field]]
	}
	p := get(best, field)
	if p == "" {
		if ignored(best, field) {
			return "", ""
		}
		if field == inHalf {
			if p = get(best, inHour); p != "" {
				v.both[field] = v.fit(p, skeleton, best, difference)
			}
			return "", ""
		}
		letter := differLetters[field]
		wider, widest = letter+skeleton, letter+best
		if p = get(widest, field); p == "" && difference == 0 {
			if again, d := closestInterval(info, widest); again != "" && d >= 0 {
				p, best, difference = get(again, field), again, d
			}
		}
		skeleton = wider
	}
	if p != "" {
		v.both[field] = v.fit(p, skeleton, best, difference)
	}
	return wider, widest
}

// fit gives the fields of a pattern of a range the widths that were asked for.
func (v *intervals) fit(p, skeleton, best string, difference int) string {
	want, have := map[byte]int{}, map[byte]int{}
	for _, it := range pattern.Parse(skeleton) {
		want[it.Letter] = it.Count
	}
	for _, it := range pattern.Parse(best) {
		have[it.Letter] = it.Count
	}
	items := pattern.Parse(p)
	for i, it := range items {
		letter := it.Letter
		if letter == 'v' && difference == 2 && want['z'] > 0 {
			items[i].Letter = 'z'
			continue
		}
		if letter == 'L' {
			letter = 'M'
		}
		if letter != 0 && it.Count == have[letter] && want[letter] > it.Count {
			items[i].Count = want[letter]
		}
	}
	return v.m.clocked(pattern.Format(items), v.m.cycle)
}

// closestInterval returns the skeleton of the data that is closest, and how it differs: 0 = not, 1 = in widths, 2 = in the name of
// the time zone, -1 = in its fields.
func closestInterval(info map[string]string, skeleton string) (best string, difference int) {
	zoned := strings.ReplaceAll(skeleton, "z", "v")
	count := func(s string) (c [128]int) {
		for i := range len(s) {
			c[s[i]&127]++
		}
		return c
	}
	want, nearest := count(zoned), 1<<30
	for key := range info {
		name, _, ok := strings.Cut(key, "/")
		if !ok {
			continue
		}
		have, distance, differs := count(name), 0, 0
		for i := range want {
			a, b := want[i], have[i]
			switch {
			case a == b:
			case a == 0 || b == 0:
				differs, distance = -1, distance+0x1000
			default:
				if distance += max(a-b, b-a); i == 'M' && (a <= 2) != (b <= 2) { // a number and a word
					distance += 0x100
				}
				if differs == 0 {
					differs = 1
				}
			}
		}
		if distance < nearest || distance == nearest && name < best {
			nearest, best, difference = distance, name, differs
		}
	}
	if zoned != skeleton && difference >= 0 {
		difference = 2
	}
	return best, difference
}

// ignored reports whether a pattern shows nothing that is as small as a field.
func ignored(p string, field int) bool {
	smallest := inEra
	for _, it := range pattern.Parse(p) {
		for i, letters := range []string{"G", "yu", "MLQq", "dEec", "aBb", "hHkK", "m", "s", "S"} {
			if it.Letter != 0 && strings.IndexByte(letters, it.Letter) >= 0 {
				smallest = max(smallest, i)
			}
		}
	}
	return field > smallest
}

// difference returns the largest field in which two times differ.
func difference(a, b time.Time) int {
	switch {
	case (a.Year() < 1) != (b.Year() < 1):
		return inEra
	case a.Year() != b.Year():
		return inYear
	case a.Month() != b.Month():
		return inMonth
	case a.Day() != b.Day():
		return inDay
	case (a.Hour() < 12) != (b.Hour() < 12):
		return inHalf
	case a.Hour() != b.Hour():
		return inHour
	case a.Minute() != b.Minute():
		return inMinute
	case a.Second() != b.Second():
		return inSecond
	case a.Nanosecond() != b.Nanosecond():
		return inFraction
	}
	return same
}

// formatRange formats a range of times.
func (m *moments) formatRange(from, to any) ([]part, error) {
	a, err := m.at(from)
	if err != nil {
		return nil, err
	}
	b, err := m.at(to)
	if err != nil {
		return nil, err
	}
	v, field := m.ranges(), difference(a, b)
	first, second := m.write(a, v.whole), m.write(b, v.whole)
	if p := v.both[field]; p != "" {
		items := pattern.Parse(p)
		at := repeats(items)
		return v.halves(a, b, items, at), nil
	}
	if p := v.each[field]; p != "" {
		items := pattern.Parse(p)
		return v.fallback(m.write(a, items), m.write(b, items)), nil
	}
	if text(first) == text(second) {
		first, err = m.plain(from)
		return sourced(first, "shared"), err
	}
	if field > inDay && v.date != "" {
		items := pattern.Parse(v.time)
		clocks := v.fallback(m.write(a, items), m.write(b, items))
		return v.glued(sourced(m.write(a, pattern.Parse(v.date)), "shared"), clocks), nil
	}
	return v.fallback(first, second), nil
}

// glued puts a date and a range of times together.
func (v *intervals) glued(date, clocks []part) []part {
	var list []part
	for _, it := range pattern.Parse(strings.NewReplacer("{0}", "\x02", "{1}", "\x03").Replace(v.m.locale.Text("dates", "glue/medium"))) {
		rest := it.Text
		for rest != "" {
			i := strings.IndexAny(rest, "\x02\x03")
			if i < 0 {
				i = len(rest)
			}
			if i > 0 {
				list = append(list, part{"literal\x00shared", rest[:i]})
			}
			if i == len(rest) {
				break
			}
			if rest[i] == 2 {
				list = append(list, clocks...)
			} else {
				list = append(list, date...)
			}
			rest = rest[i+1:]
		}
	}
	return list
}

// repeats returns where a pattern begins to repeat its fields.
func repeats(items []pattern.Item) int {
	seen := map[byte]bool{}
	for i, it := range items {
		if it.Letter != 0 && seen[it.Letter] {
			return i
		}
		seen[it.Letter] = true
	}
	return len(items)
}

// halves writes the two halves of a pattern: what is in one of them only is shared.
func (v *intervals) halves(a, b time.Time, items []pattern.Item, at int) []part {
	count := map[byte]int{}
	for _, it := range items {
		count[it.Letter]++
	}
	first, last := -1, -1 // the fields of the first half that are in both
	for i, it := range items[:at] {
		if it.Letter != 0 && count[it.Letter] > 1 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	from, to := at, at-1
	for i, it := range items[at:] {
		if it.Letter != 0 && count[it.Letter] > 1 {
			to = at + i
		}
	}
	var list []part
	for i, it := range items {
		t, source := a, "shared"
		switch {
		case i >= first && i <= last:
			source = "startRange"
		case i >= from && i <= to:
			t, source = b, "endRange"
		case i >= at:
			t = b
		}
		list = append(list, sourced(v.m.write(t, []pattern.Item{it}), source)...)
	}
	return merged(list)
}

// merged joins literals of one source.
func merged(list []part) (out []part) {
	for _, p := range list {
		if n := len(out); n > 0 && strings.HasPrefix(p.Type, "literal") && out[n-1].Type == p.Type {
			out[n-1].Value += p.Value
			continue
		}
		out = append(out, p)
	}
	return out
}

// fallback joins two whole texts.
func (v *intervals) fallback(a, b []part) []part {
	infix, _, _ := strings.Cut(strings.TrimPrefix(v.m.locale.Text("dates", "interval/intervalFormatFallback"), "{0}"), "{1}")
	return append(append(sourced(a, "startRange"), part{"literal\x00shared", infix}), sourced(b, "endRange")...)
}
