// Package pattern finds the pattern in which a locale writes some fields of a date and a time, as the pattern generator of ICU
// does (UTS #35, part 4, "Matching Skeletons").
package pattern

import "strings"

// Item is a field of a pattern, or text if its letter is 0.
type Item struct {
	Letter byte
	Count  int
	Text   string
}

// Parse splits a pattern.
func Parse(pattern string) (items []Item) {
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			items = append(items, Item{Text: text.String()})
			text.Reset()
		}
	}
	quoted := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\'' && i+1 < len(pattern) && pattern[i+1] == '\'':
			text.WriteByte(c)
			i++
		case c == '\'':
			quoted = !quoted
		case !quoted && isLetter(c):
			flush()
			end := i
			for end < len(pattern) && pattern[end] == c {
				end++
			}
			items = append(items, Item{Letter: c, Count: end - i})
			i = end - 1
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return items
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// Format is the pattern of items.
func Format(items []Item) string {
	var b strings.Builder
	for _, it := range items {
		if it.Letter != 0 {
			b.WriteString(strings.Repeat(string(it.Letter), it.Count))
			continue
		}
		if !strings.ContainsFunc(it.Text, func(r rune) bool { return r == '\'' || r < 128 && isLetter(byte(r)) }) {
			b.WriteString(it.Text)
			continue
		}
		b.WriteString("'" + strings.ReplaceAll(it.Text, "'", "''") + "'")
	}
	return b.String()
}

// Fields in the order of ICU.
const (
	era = iota
	year
	quarter
	month
	weekOfYear
	weekOfMonth
	weekday
	dayOfYear
	dayOfWeekInMonth
	day
	dayPeriod
	hour
	minute
	second
	fraction
	zone
	fields
)

const (
	dates = 1<<dayPeriod - 1
	times = 1<<fields - 1 - dates
)

// kind is what a letter means: kinds that are closer to each other match better.
type kind struct {
	field, numeric           int // numeric: its value for a number, 0 = never one
	short, long, narrow, six int
	from                     int // how many letters make it a text
}

const (
	narrow  = -0x101
	shorter = -0x102
	short   = -0x103
	long    = -0x104
	numeric = 0x100
	delta   = 0x10
)

func kindOf(letter byte) (k kind, ok bool) {
	text := func(field, by int) kind { return kind{field, 0, short + by, long + by, narrow + by, shorter + by, 1} }
	both := func(field, n, by int) kind {
		k := text(field, by)
		k.numeric, k.from = n, 3
		return k
	}
	number := func(field, by int) kind { return kind{field: field, numeric: numeric + by, from: 1000} }
	switch letter {
	case 'G':
		return text(era, 0), true
	case 'y':
		return number(year, 0), true
	case 'Y':
		return number(year, delta), true
	case 'u':
		return number(year, 2*delta), true
	case 'r':
		return number(year, 3*delta), true
	case 'Q':
		return both(quarter, numeric, 0), true
	case 'q':
		return both(quarter, numeric+delta, -delta), true
	case 'M':
		return both(month, numeric, 0), true
	case 'L':
		return both(month, numeric+delta, -delta), true
	case 'w':
		return number(weekOfYear, 0), true
	case 'W':
		return number(weekOfMonth, 0), true
	case 'E':
		return text(weekday, 0), true
	case 'c':
		return both(weekday, numeric+2*delta, -2*delta), true
	case 'e':
		return both(weekday, numeric+delta, -delta), true
	case 'd':
		return number(day, 0), true
	case 'D':
		return number(dayOfYear, 0), true
	case 'F':
		return number(dayOfWeekInMonth, 0), true
	case 'a':
		return text(dayPeriod, 0), true
	case 'b':
		return text(dayPeriod, -delta), true
	case 'B':
		return text(dayPeriod, -3*delta), true
	case 'H':
		return number(hour, 10*delta), true
	case 'k':
		return number(hour, 11*delta), true
	case 'h':
		return number(hour, 0), true
	case 'K':
		return number(hour, delta), true
	case 'm':
		return number(minute, 0), true
	case 's':
		return number(second, 0), true
	case 'S':
		return number(fraction, 0), true
	case 'v':
		return text(zone, -2*delta), true
	case 'z':
		return text(zone, 0), true
	case 'O':
		return text(zone, -delta), true
	}
	return kind{}, false
}

// of returns the value of the kind for some letters.
func (k kind) of(n int) int {
	switch {
	case n < k.from:
		return k.numeric + n
	case n <= 3:
		return k.short
	case n == 4:
		return k.long
	case n == 5:
		return k.narrow
	}
	return k.six
}

// skeleton is the fields of a pattern, without what is between them.
type skeleton struct {
	kinds  [fields]int
	letter [fields]byte
	count  [fields]int
}

func skeletonOf(pattern string) (s skeleton) {
	for _, it := range Parse(pattern) {
		s.add(it.Letter, it.Count)
	}
	// A clock of twelve hours needs a period of the day, one of 24 has none.
	switch {
	case s.kinds[hour] == 0:
	case s.letter[hour] == 'h' || s.letter[hour] == 'K':
		if s.kinds[dayPeriod] == 0 {
			s.add('a', 1)
		}
	default:
		s.kinds[dayPeriod], s.letter[dayPeriod], s.count[dayPeriod] = 0, 0, 0
	}
	if s.kinds[minute] != 0 && s.kinds[fraction] != 0 && s.kinds[second] == 0 {
		s.add('s', 1)
	}
	return s
}

func (s *skeleton) add(letter byte, n int) {
	if k, ok := kindOf(letter); ok {
		s.kinds[k.field], s.letter[k.field], s.count[k.field] = k.of(n), letter, n
	}
}

func (s *skeleton) mask() (m int) {
	for f, k := range s.kinds {
		if k != 0 {
			m |= 1 << f
		}
	}
	return m
}
