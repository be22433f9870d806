package intl

import (
	"fmt"
	"strings"
	"time"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/pattern"
)

// zoneName writes the name of the time zone at a time.
func (m *moments) zoneName(t time.Time, it pattern.Item) string {
	length := "short"
	if it.Count == 4 {
		length = "long"
	}
	_, offset := t.Zone()
	switch it.Letter {
	case 'z':
		kind := "standard"
		if t.IsDST() {
			kind = "daylight"
		}
		if name := m.named(t, length, kind); name != "" {
			return name
		}
	case 'v':
		if m.zoneID == "UTC" {
			return m.gmt(0, length == "short")
		}
		return m.generic(t, length)
	}
	return m.gmt(offset, length == "short")
}

// canonicalZone is the name of the time zone in CLDR.
func (m *moments) canonicalZone() string {
	if m.zoneID == "UTC" {
		return "Etc/UTC"
	}
	id, ok := cldr.Core("zone/" + m.zoneID)
	if !ok {
		return m.zoneID
	}
	return id
}

// metazone returns the group of time zones with one name that the zone is in.
func (m *moments) metazone(t time.Time) string {
	list, _ := cldr.Core("metazone/" + m.canonicalZone())
	now := t.UTC().Format("2006-01-02 15:04")
	for span := range strings.SplitSeq(list, ";") {
		p := strings.Split(span, "|")
		if len(p) == 3 && (p[0] == "-" || p[0] <= now) && (p[1] == "-" || now < p[1]) {
			return p[2]
		}
	}
	return ""
}

// named returns the name of the zone or its metazone; "" = there is none.
func (m *moments) named(t time.Time, length, kind string) string {
	if name, ok := m.locale.Get("zones", "zone/"+m.canonicalZone()+"/"+length+"/"+kind); ok {
		return name
	}
	meta := m.metazone(t)
	if meta == "" {
		return ""
	}
	return strings.Trim(m.locale.Text("zones", "metazone/"+meta+"/"+length+"/"+kind), "∅")
}

// generic returns the name of the zone in both halves of the year.
func (m *moments) generic(t time.Time, length string) string {
	name := m.named(t, length, "generic")
	if !m.saves(t) {
		if standard := m.named(t, length, "standard"); standard != "" && standard != name {
			return standard
		}
	}
	if name == "" {
		return m.location(t)
	}
	// Where the zone differs from the one that the name stands for in the region, the place is named too.
	meta := m.metazone(t)
	golden, ok := cldr.Core("golden/" + meta + "/" + m.locale.Region)
	if !ok {
		golden, _ = cldr.Core("golden/" + meta + "/001")
	}
	if golden != "" && golden != m.canonicalZone() {
		if zone, err := time.LoadLocation(golden); err == nil {
			_, there := t.In(zone).Zone()
			if _, here := t.Zone(); here != there {
				return strings.NewReplacer("{0}", m.place(), "{1}", name).Replace(m.locale.Text("zones", "fallbackFormat"))
			}
		}
	}
	return name
}

// saves reports whether the zone has daylight saving time within half a year.
func (m *moments) saves(t time.Time) bool {
	const half = 184 * 24 * time.Hour
	if t.IsDST() {
		return true
	}
	start, end := t.ZoneBounds()
	return !start.IsZero() && t.Sub(start) < half && start.Add(-time.Second).IsDST() || !end.IsZero() && end.Sub(t) < half && end.IsDST()
}

// location names the zone after its country, or its city if there are more zones.
func (m *moments) location(t time.Time) string {
	id := m.canonicalZone()
	region, _ := cldr.Core("region/" + id)
	if region == "" || strings.HasPrefix(id, "Etc/") {
		_, offset := t.Zone()
		return m.gmt(offset, false)
	}
	zones := 0
	for name, r := range cldr.CoreUnder("region/") {
		if r == region && !strings.HasPrefix(name, "Etc/") {
			zones++
		}
	}
	primary, _ := cldr.Core("primary/" + region)
	place := m.city(id)
	if zones == 1 || primary == id {
		if name, ok := m.locale.Get("names", "region/"+region); ok {
			place = name
		}
	}
	return strings.Replace(m.locale.Text("zones", "regionFormat"), "{0}", place, 1)
}

func (m *moments) place() string {
	id := m.canonicalZone()
	return m.city(id)
}

func (m *moments) city(id string) string {
	if name, ok := m.locale.Get("zones", "zone/"+id+"/exemplarCity"); ok {
		return name
	}
	return strings.ReplaceAll(id[strings.LastIndexByte(id, '/')+1:], "_", " ")
}

// gmt writes the distance from GMT.
func (m *moments) gmt(seconds int, short bool) string {
	plus, minus, _ := strings.Cut(m.locale.Text("zones", "hourFormat"), ";")
	format := plus
	if seconds < 0 {
		format, seconds = minus, -seconds
	}
	hours, minutes, rest := seconds/3600, seconds%3600/60, seconds%60
	start, last := strings.IndexByte(format, 'H'), strings.LastIndexByte(format, 'm')
	middle := strings.Trim(format[start:last+1], "Hm")
	text, end := fmt.Sprintf("%02d%s%02d", hours, middle, minutes), format[last+1:]
	if short {
		text = fmt.Sprintf("%d%s%02d", hours, middle, minutes)
		if minutes == 0 && rest == 0 {
			text, end = fmt.Sprint(hours), ""
		}
	}
	if rest != 0 {
		text += fmt.Sprintf("%s%02d", middle, rest)
	}
	return strings.Replace(m.locale.Text("zones", "gmtFormat"), "{0}", format[:start]+m.symbols.native(text)+end, 1)
}
