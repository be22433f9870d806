package intl

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"fazt/internal/runtime/intl/cldr"
	"fazt/internal/runtime/intl/collation"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// general answers methods that need no formatter; ok = it is one. The key is an array of locales.
func general(method, key string, values []any) (answer any, ok bool, err error) {
	switch method {
	case "canonical", "supported", "upper", "lower", "locale":
	case "values":
		name, _ := arg(values, 0).(string)
		list := supportedValues(name)
		if list == nil {
			return nil, true, rangeError("Invalid key : %s", name)
		}
		return list, true, nil
	default:
		return nil, false, nil
	}
	var locales []string
	if err := json.Unmarshal([]byte(key), &locales); err != nil {
		return nil, true, err
	}
	tags, err := parseTags(locales)
	if err != nil {
		return nil, true, err
	}
	s, _ := arg(values, 0).(string)
	switch method {
	case "canonical", "supported":
		list := []string{}
		for _, t := range tags {
			if name := t.String(); !slices.Contains(list, name) && (method == "canonical" || cldr.Supported(t) != "") {
				list = append(list, name)
			}
		}
		return list, true, nil
	case "locale":
		answer, err = localeInfo(tags[0], s)
		return answer, true, err
	}
	return caseOf(method, tags, s), true, nil
}

// caseOf changes the case of a text as the language of the first locale does.
func caseOf(method string, tags []cldr.Tag, text string) string {
	tag := language.Und
	if len(tags) > 0 && slices.Contains([]string{"tr", "az", "lt", "el"}, tags[0].Language) {
		tag = language.Make(tags[0].Language)
	}
	if method == "upper" {
		return cases.Upper(tag).String(text)
	}
	return cases.Lower(tag, cases.HandleFinalSigma(true)).String(text)
}

func supportedValues(of string) []string {
	switch of {
	case "calendar":
		return []string{"gregory"}
	case "collation":
		list := []string{}
		for _, tag := range append([]string{"de", "es", "fi", "ja", "ko", "sv", "zh"}, "ar") {
			list = append(list, collation.Of(tag)...)
		}
		slices.Sort(list)
		return slices.Compact(list)
	case "currency":
		list := []string{}
		for key := range cldr.Under("en", "currencies", "") {
			if code, what, _ := strings.Cut(key, "/"); what == "name" {
				list = append(list, code)
			}
		}
		slices.Sort(list)
		return list
	case "numberingSystem":
		return slices.Sorted(maps.Keys(cldr.CoreUnder("digits/")))
	case "timeZone":
		list := []string{"UTC"}
		for zone, name := range cldr.CoreUnder("zone/") {
			if zone == name && !strings.HasPrefix(zone, "Etc/") && strings.Contains(zone, "/") {
				list = append(list, zone)
			}
		}
		slices.Sort(list)
		return list
	}
	return nil
}

// localeInfo answers the getters and methods of Intl.Locale.
func localeInfo(t cldr.Tag, what string) (any, error) {
	full, _ := t.Maximize()
	l := cldr.Resolve([]cldr.Tag{t})
	switch what {
	case "":
		return object{{"tag", t.String()}, {"baseName", t.Base()}, {"language", t.Language}, {"script", t.Script}, {"region", t.Region}, {"keywords", t.Keywords}}, nil
	case "maximize":
		return full.String(), nil
	case "minimize":
		return t.Minimize().String(), nil
	case "calendars":
		return []string{"gregory"}, nil
	case "collations":
		if co := t.Keywords["co"]; co != "" {
			return []string{co}, nil
		}
		return collation.Of(l.Language), nil
	case "numberingSystems":
		_, system := numberingSystem(l, t.Keywords["nu"])
		return []string{system}, nil
	case "hourCycles":
		if hc := t.Keywords["hc"]; hc != "" {
			return []string{hc}, nil
		}
		l.Region = full.Region
		return []string{cycleOf(hourOf(l))}, nil
	case "timeZones":
		if t.Region == "" {
			return nil, nil
		}
		list := []string{}
		for zone, region := range cldr.CoreUnder("region/") {
			if region == t.Region {
				list = append(list, zone)
			}
		}
		slices.Sort(list)
		return list, nil
	case "textInfo":
		direction := "ltr"
		if slices.Contains([]string{"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand", "Samr"}, full.Script) {
			direction = "rtl"
		}
		return object{{"direction", direction}}, nil
	}
	return weekInfo(full.Region, t.Keywords["fw"]), nil
}

func weekInfo(region, first string) object {
	get := func(what string) string {
		for _, r := range []string{region, "001"} {
			if v, ok := cldr.Core("week/" + what + "/" + r); ok {
				return v
			}
		}
		return ""
	}
	number := func(day string) int { return (slices.Index(weekdays, day)+6)%7 + 1 }
	if first == "" {
		first = get("firstDay")
	}
	weekend := []int{}
	for day, last := number(get("weekendStart")), number(get("weekendEnd")); ; day = day%7 + 1 {
		weekend = append(weekend, day)
		if day == last {
			break
		}
	}
	return object{{"firstDay", number(first)}, {"weekend", weekend}, {"minimalDays", int(get("minDays")[0] - '0')}}
}
