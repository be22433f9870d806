package intl

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/pattern"
)

// moments is a resolved Intl.DateTimeFormat.
type moments struct {
	locale            cldr.Locale
	name, system      string
	zoneID            string
	zone              *time.Location
	cycle             string // hourCycle; "" without hours
	dateStyle, timeOf string // dateStyle and timeStyle
	pattern           []pattern.Item
	symbols           symbols
	periods           []dayPeriod
	hasHour           bool
	ranges            func() *intervals
}

// dateFieldLetters are the fields that options name, with the letters for their values.
var dateFieldLetters = []struct {
	option string
	values map[string]string
}{
	{"weekday", map[string]string{"narrow": "EEEEE", "long": "EEEE", "short": "EEE"}},
	{"era", map[string]string{"narrow": "GGGGG", "long": "GGGG", "short": "GGG"}},
	{"year", map[string]string{"2-digit": "yy", "numeric": "y"}},
	{"month", map[string]string{"narrow": "MMMMM", "long": "MMMM", "short": "MMM", "2-digit": "MM", "numeric": "M"}},
	{"day", map[string]string{"2-digit": "dd", "numeric": "d"}},
	{"dayPeriod", map[string]string{"narrow": "BBBBB", "long": "BBBB", "short": "B"}},
	{"hour", map[string]string{"2-digit": "jj", "numeric": "j"}},
	{"minute", map[string]string{"2-digit": "mm", "numeric": "m"}},
	{"second", map[string]string{"2-digit": "ss", "numeric": "s"}},
	{"timeZoneName", map[string]string{"long": "zzzz", "short": "z", "longOffset": "OOOO", "shortOffset": "O", "longGeneric": "vvvv", "shortGeneric": "v"}},
}

func newMoments(method string, asked []cldr.Tag, o options) (*moments, error) {
	m := &moments{locale: cldr.Resolve(asked), dateStyle: o.text("dateStyle"), timeOf: o.text("timeStyle")}
	if err := dateDefaults(method, o); err != nil {
		return nil, err
	}
	m.name, m.system = numberingSystem(m.locale, o.text("numberingSystem"))
	m.symbols = symbolsOf(m.locale, m.system)
	id := o.text("timeZone")
	if !o.has("timeZone") {
		id = defaultZone()
	}
	var err error
	if m.zoneID, m.zone, err = timeZone(id); err != nil {
		return nil, err
	}
	hourLetter := hourOf(m.locale)
	generator := generatorOf(m.locale, hourLetter)
	m.periods = dayPeriodsOf(m.locale)
	cycle := m.hourCycle(o, hourLetter)
	if m.dateStyle != "" || m.timeOf != "" {
		if err := m.styled(o, cycle, generator); err != nil {
			return nil, err
		}
	} else {
		m.pattern = pattern.Parse(m.clocked(generator.Best(m.skeleton(o, cycle), true), cycle))
	}
	for _, it := range m.pattern {
		m.hasHour = m.hasHour || strings.IndexByte("hHkK", it.Letter) >= 0
	}
	if m.hasHour {
		m.cycle = cycle
	}
	m.ranges = sync.OnceValue(func() *intervals { return newIntervals(m) })
	return m, nil
}

// hourOf returns the letter of the clock that is usual in a region.
func hourOf(l cldr.Locale) byte {
	for _, key := range []string{l.Language + "-" + l.Region, l.Region, "001"} {
		if v, ok := cldr.Core("hours/" + key); ok {
			return v[0]
		}
	}
	return 'H'
}

func cycleOf(letter byte) string {
	switch letter {
	case 'K':
		return "h11"
	case 'h':
		return "h12"
	case 'H':
		return "h23"
	}
	return "h24"
}

func letterOf(cycle string) byte {
	return map[string]byte{"h11": 'K', "h12": 'h', "h23": 'H', "h24": 'k'}[cycle]
}

// hourCycle returns the one to use: hour12 wins over hourCycle, and that over the locale.
func (m *moments) hourCycle(o options, usual byte) string {
	if twelve, ok := o["hour12"].(bool); ok {
		switch {
		case !twelve:
			return "h23"
		case usual == 'K' || m.locale.Region == "JP":
			return "h11"
		}
		return "h12"
	}
	keyword := m.locale.Keywords["hc"]
	if letterOf(keyword) == 0 {
		keyword = ""
	}
	option := o.text("hourCycle")
	if keyword != "" && (option == "" || option == keyword) {
		m.name = keyed(m.name, "hc", keyword)
	}
	return cmp.Or(option, keyword, cycleOf(usual))
}

// keyed adds a keyword to a locale.
func keyed(name, key, value string) string {
	t, _ := cldr.Parse(name)
	t.Keywords[key] = value
	return t.String()
}

func (m *moments) skeleton(o options, cycle string) string {
	var b strings.Builder
	for _, f := range dateFieldLetters {
		letters := f.values[o.text(f.option)]
		if f.option == "timeZoneName" {
			b.WriteString(strings.Repeat("S", o.number("fractionalSecondDigits", 0)))
		}
		b.WriteString(strings.ReplaceAll(letters, "j", string(letterOf(cycle))))
	}
	return b.String()
}

// clocked puts the letter of an hour cycle into a pattern.
func (m *moments) clocked(p, cycle string) string {
	items := pattern.Parse(p)
	for i, it := range items {
		switch {
		case it.Letter != 0 && strings.IndexByte("hHkK", it.Letter) >= 0:
			items[i].Letter = letterOf(cycle)
		case it.Text == "\x01":
			items[i].Text = m.symbols.decimal
		}
	}
	return pattern.Format(items)
}

// styled finds the pattern of styles.
func (m *moments) styled(o options, cycle string, generator *pattern.Generator) error {
	for _, f := range dateFieldLetters {
		if o.has(f.option) {
			return typeError("Can't set option %s when %s is used", f.option, map[bool]string{true: "dateStyle", false: "timeStyle"}[m.dateStyle != ""])
		}
	}
	if o.has("fractionalSecondDigits") {
		return typeError("Can't set option fractionalSecondDigits when dateStyle is used")
	}
	l := m.locale
	date, clock := "", ""
	if m.dateStyle != "" {
		date = l.Text("dates", "date/"+m.dateStyle)
	}
	if m.timeOf != "" {
		clock = l.Text("dates", "time/"+m.timeOf)
	}
	p := date + clock
	if date != "" && clock != "" {
		p = strings.NewReplacer("{0}", clock, "{1}", date).Replace(l.Text("dates", "at/"+m.dateStyle))
	}
	items := pattern.Parse(p)
	if clock != "" && !slices.ContainsFunc(items, func(it pattern.Item) bool { return it.Letter == letterOf(cycle) }) {
		skeleton := []byte(pattern.Skeleton(p))
		for i, c := range skeleton {
			if strings.IndexByte("hHkK", c) >= 0 {
				skeleton[i] = letterOf(cycle)
			}
		}
		items = pattern.Parse(m.clocked(generator.Best(string(skeleton), true), cycle))
	}
	m.pattern = items
	return nil
}

// generatorOf makes the generator of a locale.
func generatorOf(l cldr.Locale, hour byte) *pattern.Generator {
	d := pattern.Data{
		Available: cldr.Under(l.Data, "dates", "available/"), Append: cldr.Under(l.Data, "dates", "append/"), Hour: hour,
		Name: func(field string) string { return l.Text("fields", field+"/displayName") },
		Glue: func(style string) string { return l.Text("dates", "at/"+style) },
	}
	for _, of := range []string{"date/", "time/"} {
		for _, style := range []string{"full", "long", "medium", "short"} {
			d.Styles = append(d.Styles, l.Text("dates", of+style))
		}
	}
	return pattern.New(d)
}

// options in which the fields of the pattern are reported.
func (m *moments) reported() map[string]any {
	r := map[string]any{}
	for _, it := range m.pattern {
		letters := strings.Repeat(string(it.Letter), it.Count)
		switch it.Letter {
		case 0:
			continue
		case 'S':
			r["fractionalSecondDigits"] = it.Count
			continue
		case 'L':
			letters = strings.ReplaceAll(letters, "L", "M")
		case 'c':
			letters = strings.ReplaceAll(letters, "c", "E")
		case 'h', 'H', 'k', 'K':
			letters = strings.Repeat("j", it.Count)
		case 'G':
			if it.Count < 3 {
				letters = "GGG"
			}
		}
		for _, f := range dateFieldLetters {
			for value, l := range f.values {
				if l == letters {
					r[f.option] = value
				}
			}
		}
	}
	return r
}
