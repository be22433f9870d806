package intl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/pattern"
)

// maxTime is the range of Date in milliseconds.
const maxTime = 8.64e15

// at returns the time of a value of Date in the time zone.
func (m *moments) at(v any) (time.Time, error) {
	ms, ok := v.(float64)
	if !ok || math.IsNaN(ms) || math.Abs(ms) > maxTime {
		return time.Time{}, rangeError("Invalid time value")
	}
	return time.UnixMilli(int64(ms)).In(m.zone), nil
}

// plain formats a time as V8 does, for programs that look for a space.
func (m *moments) plain(v any) ([]part, error) {
	parts, err := m.format(v)
	for i := range parts {
		parts[i].Value = strings.ReplaceAll(parts[i].Value, "\u202f", " ")
	}
	return parts, err
}

func (m *moments) format(v any) ([]part, error) {
	t, err := m.at(v)
	if err != nil {
		return nil, err
	}
	return m.write(t, m.pattern), nil
}

// write writes the fields of a pattern.
func (m *moments) write(t time.Time, items []pattern.Item) []part {
	list := make([]part, 0, len(items))
	for _, it := range items {
		p := part{"literal", it.Text}
		if it.Letter != 0 {
			p = m.field(t, it, items)
		}
		switch {
		case p.Value == "":
		case p.Type == "literal" && len(list) > 0 && list[len(list)-1].Type == "literal":
			list[len(list)-1].Value += p.Value
		default:
			list = append(list, p)
		}
	}
	return list
}

var (
	formWidths = map[int]string{4: "wide", 5: "narrow"}
	weekdays   = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// field writes one field.
func (m *moments) field(t time.Time, it pattern.Item, items []pattern.Item) part {
	form := formWidths[it.Count]
	if form == "" {
		form = "abbreviated"
	}
	name := func(key string) string { return m.locale.Text("dates", key) }
	switch it.Letter {
	case 'G':
		era := map[bool]string{true: "1", false: "0"}[t.Year() > 0]
		return part{"era", name("eras/" + map[int]string{4: "eraNames", 5: "eraNarrow"}[it.Count] + map[bool]string{true: "eraAbbr"}[it.Count < 4] + "/" + era)}
	case 'y', 'u':
		year := t.Year()
		if year < 1 && it.Letter == 'y' {
			year = 1 - year
		}
		if it.Count == 2 {
			return part{"year", m.number(year%100, 2)}
		}
		return part{"year", m.number(year, it.Count)}
	case 'M', 'L':
		if it.Count < 3 {
			return part{"month", m.number(int(t.Month()), it.Count)}
		}
		return part{"month", name("months/" + map[byte]string{'M': "format", 'L': "stand-alone"}[it.Letter] + "/" + form + "/" + strconv.Itoa(int(t.Month())))}
	case 'Q', 'q':
		q := (int(t.Month()) + 2) / 3
		if it.Count < 3 {
			return part{"literal", m.number(q, it.Count)}
		}
		return part{"literal", name("quarters/" + map[byte]string{'Q': "format", 'q': "stand-alone"}[it.Letter] + "/" + form + "/" + strconv.Itoa(q))}
	case 'E', 'c', 'e':
		if it.Count == 6 {
			form = "short"
		}
		return part{"weekday", name("days/" + map[byte]string{'c': "stand-alone"}[it.Letter] + map[bool]string{true: "format"}[it.Letter != 'c'] + "/" + form + "/" + weekdays[t.Weekday()])}
	case 'd':
		return part{"day", m.number(t.Day(), it.Count)}
	}
	return m.clock(t, it, form, items)
}

// clock writes a field of a time.
func (m *moments) clock(t time.Time, it pattern.Item, form string, items []pattern.Item) part {
	hour := func(n, zero int) part {
		if n == 0 {
			n = zero
		}
		return part{"hour", m.number(n, it.Count)}
	}
	switch it.Letter {
	case 'H':
		return hour(t.Hour(), 0)
	case 'k':
		return hour(t.Hour(), 24)
	case 'K':
		return hour(t.Hour()%12, 0)
	case 'h':
		return hour(t.Hour()%12, 12)
	case 'm':
		return part{"minute", m.number(t.Minute(), it.Count)}
	case 's':
		return part{"second", m.number(t.Second(), it.Count)}
	case 'S':
		return part{"fractionalSecond", m.symbols.native(fmt.Sprintf("%03d", t.Nanosecond()/1e6)[:min(it.Count, 3)])}
	case 'a', 'b':
		key := map[bool]string{true: "am", false: "pm"}[t.Hour() < 12]
		return part{"dayPeriod", m.locale.Text("dates", "dayPeriods/format/"+form+"/"+key)}
	case 'B':
		return part{"dayPeriod", m.dayPeriod(t, form, items)}
	case 'z', 'v', 'O', 'V':
		return part{"timeZoneName", m.zoneName(t, it)}
	}
	return part{}
}

// number writes a number with at least some digits.
func (m *moments) number(n, least int) string {
	text := strconv.Itoa(max(n, -n))
	if len(text) < least {
		text = strings.Repeat("0", least-len(text)) + text
	}
	if n < 0 {
		text = m.symbols.minus + text
	}
	return m.symbols.native(text)
}

// dayPeriod is a part of the day with a name.
type dayPeriod struct {
	name       string
	from, till int // minutes of the day; the same for noon
}

func dayPeriodsOf(l cldr.Locale) (list []dayPeriod) {
	minutes := func(text string) int {
		h, m, _ := strings.Cut(text, ":")
		hours, _ := strconv.Atoi(h)
		rest, _ := strconv.Atoi(m)
		return hours*60 + rest
	}
	rules := l.Rules("period")
	for key, value := range rules {
		name, kind, _ := strings.Cut(key, "/")
		switch kind {
		case "at":
			if name == "noon" || name == "midnight" {
				list = append(list, dayPeriod{name, minutes(value), minutes(value)})
			}
		case "from":
			list = append(list, dayPeriod{name, minutes(value), minutes(rules[name+"/before"])})
		}
	}
	return list
}

// dayPeriod returns the name of the part of the day that a time is in. Noon is one only if the pattern has no finer unit that is
// not zero.
func (m *moments) dayPeriod(t time.Time, form string, items []pattern.Item) string {
	now := t.Hour()*60 + t.Minute()
	get := func(name string) string { return m.locale.Text("dates", "dayPeriods/format/"+form+"/"+name) }
	shown := map[byte]bool{}
	for _, it := range items {
		shown[it.Letter] = true
	}
	exact := (!shown['m'] || t.Minute() == 0) && (!shown['s'] || t.Second() == 0)
	for _, p := range m.periods {
		if p.from == p.till && exact && t.Hour()*60 == p.from && p.name == "noon" && get(p.name) != "" {
			return get(p.name)
		}
	}
	for _, p := range m.periods {
		if p.from < p.till && now >= p.from && now < p.till || p.from > p.till && (now >= p.from || now < p.till) {
			return get(p.name)
		}
	}
	return get(map[bool]string{true: "am", false: "pm"}[t.Hour() < 12])
}

func (m *moments) answer(method string, values []any) (any, error) {
	if method == "range" || method == "rangeParts" {
		parts, err := m.formatRange(arg(values, 0), arg(values, 1))
		return formatted(method, parts, err)
	}
	parts, err := m.format(arg(values, 0))
	if method == "format" {
		parts, err = m.plain(arg(values, 0))
	}
	return formatted(method, parts, err)
}

func (m *moments) options() object {
	o := object{{"locale", m.name}, {"calendar", "gregory"}, {"numberingSystem", m.system}, {"timeZone", m.zoneID}}
	if m.cycle != "" {
		o = append(o, object{{"hourCycle", m.cycle}, {"hour12", m.cycle < "h2"}}...)
	}
	if m.dateStyle == "" && m.timeOf == "" {
		r := m.reported()
		for _, f := range []string{"weekday", "era", "year", "month", "day", "dayPeriod", "hour", "minute", "second", "fractionalSecondDigits", "timeZoneName"} {
			o = append(o, property{f, r[f]})
		}
	}
	return append(o, object{{"dateStyle", m.dateStyle}, {"timeStyle", m.timeOf}}...)
}
