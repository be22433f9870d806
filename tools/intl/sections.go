package main

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
)

// section is a part of the data of a locale that is used, and so read, at once.
type section struct {
	name string
	read func(files map[string][]byte, locale string, to map[string]string) error
}

var sections = []section{
	{"numbers", readNumbers}, {"currencies", readCurrencies}, {"units", readUnits}, {"dates", readDates},
	{"zones", readZones}, {"fields", readFields}, {"lists", readLists}, {"names", readNames},
}

// units returns those that ECMA-402 lets a number have.
func units() []string {
	return strings.Fields("acre bit byte celsius centimeter day degree fahrenheit fluid-ounce foot gallon gigabit gigabyte gram hectare hour inch kilobit kilobyte kilogram kilometer liter megabit megabyte meter microsecond mile mile-scandinavian milliliter millimeter millisecond minute month nanosecond ounce percent petabyte pound second stone terabit terabyte week yard year")
}

func tree(files map[string][]byte, locale, file string, keys ...string) (map[string]any, error) {
	var v map[string]any
	err := read(files, "main/"+locale+"/"+file, &v, append([]string{"main", locale}, keys...)...)
	return v, err
}

// take flattens a part of a file.
func take(files map[string][]byte, locale, file string, to map[string]string, keep func(string) string, keys ...string) error {
	v, err := tree(files, locale, file, keys...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	flatten(v, "", to, keep)
	return nil
}

var (
	numberKeys = regexp.MustCompile(`^(symbols|decimalFormats|percentFormats|scientificFormats|currencyFormats|miscPatterns)-numberSystem-(\w+)/(.*)$`)
	noNumber   = regexp.MustCompile(`noCurrency|rational|superscripting|perMille|atLeast|atMost|symbols/list|Match$`)
)

func readNumbers(files map[string][]byte, locale string, to map[string]string) error {
	return take(files, locale, "numbers.json", to, func(key string) string {
		if noNumber.MatchString(key) {
			return ""
		}
		if m := numberKeys.FindStringSubmatch(key); m != nil {
			rest := strings.Replace(m[3], "decimalFormat/", "", 1)
			return m[2] + "/" + strings.TrimSuffix(strings.TrimSuffix(m[1], "Formats"), "Patterns") + "/" + rest
		}
		if strings.HasPrefix(key, "default") || strings.HasPrefix(key, "minimumGrouping") || key == "otherNumberingSystems/native" {
			return key
		}
		return ""
	}, "numbers")
}

func readCurrencies(files map[string][]byte, locale string, to map[string]string) error {
	return take(files, locale, "currencies.json", to, func(key string) string {
		switch {
		case strings.HasSuffix(key, "alt-narrow"):
			return strings.Replace(key, "symbol-alt-", "", 1)
		case strings.Contains(key, "-alt-"):
			return ""
		}
		key = strings.Replace(key, "displayName-count-", "", 1)
		return strings.Replace(key, "displayName", "name", 1)
	}, "numbers", "currencies")
}

func readUnits(files map[string][]byte, locale string, to map[string]string) error {
	kind := func(unit string) string { // length-meter -> meter
		_, name, _ := strings.Cut(unit, "-")
		if first, second, ok := strings.Cut(name, "-per-"); ok {
			if !isUnit(first) || !isUnit(second) {
				return ""
			}
		} else if !isUnit(name) && unit != "per" {
			return ""
		}
		return name
	}
	return take(files, locale, "units.json", to, func(key string) string {
		part := strings.Split(key, "/")
		if len(part) != 3 || part[0] != "long" && part[0] != "short" && part[0] != "narrow" {
			return ""
		}
		if part[1] == "per" && part[2] == "compoundUnitPattern" {
			return part[0] + "/per"
		}
		unit := kind(part[1])
		if unit == "" {
			return ""
		}
		if count, ok := strings.CutPrefix(part[2], "unitPattern-count-"); ok {
			return part[0] + "/" + unit + "/" + count
		}
		if part[2] == "perUnitPattern" {
			return part[0] + "/" + unit + "/per"
		}
		return ""
	}, "units")
}

func isUnit(name string) bool {
	for _, u := range units() {
		if u == name {
			return true
		}
	}
	return false
}

func readDates(files map[string][]byte, locale string, to map[string]string) error {
	rename := strings.NewReplacer("dateTimeFormats-atTime/standard/", "at/", "dateTimeFormats/availableFormats/", "available/", "dateTimeFormats/intervalFormats/", "interval/",
		"dateTimeFormats/appendItems/", "append/", "dateTimeFormats/", "glue/", "dateFormats/", "date/", "timeFormats/", "time/")
	return take(files, locale, "ca-gregorian.json", to, func(key string) string {
		if strings.Contains(key, "-alt-") || strings.Contains(key, "Skeletons") || strings.Contains(key, "-relative") || strings.Contains(key, "-count-") || strings.Contains(key, "_") && !strings.Contains(key, "/_") {
			return ""
		}
		return rename.Replace(key)
	}, "dates", "calendars", "gregorian")
}

func readZones(files map[string][]byte, locale string, to map[string]string) error {
	return take(files, locale, "timeZoneNames.json", to, func(key string) string {
		if strings.HasSuffix(key, "_type") || strings.Contains(key, "-alt-") {
			return ""
		}
		return key
	}, "dates", "timeZoneNames")
}

var fieldKeys = regexp.MustCompile(`^(era|year|quarter|month|week|weekday|day|dayperiod|hour|minute|second|zone|weekOfYear)(-short|-narrow)?/(.*)$`)

func readFields(files map[string][]byte, locale string, to map[string]string) error {
	rename := strings.NewReplacer("relativeTime-type-", "", "relativeTimePattern-count-", "", "relative-type-", "")
	return take(files, locale, "dateFields.json", to, func(key string) string {
		if !fieldKeys.MatchString(key) || strings.Contains(key, "-alt-") || strings.Contains(key, "relativePeriod") {
			return ""
		}
		return rename.Replace(key)
	}, "dates", "fields")
}

func readLists(files map[string][]byte, locale string, to map[string]string) error {
	return take(files, locale, "listPatterns.json", to, func(key string) string {
		return strings.TrimPrefix(key, "listPattern-type-")
	}, "listPatterns")
}

func readNames(files map[string][]byte, locale string, to map[string]string) error {
	for _, f := range []struct{ file, key, as string }{{"languages", "languages", "language"}, {"territories", "territories", "region"}, {"scripts", "scripts", "script"}} {
		if err := take(files, locale, f.file+".json", to, func(key string) string {
			key, alt, _ := strings.Cut(key, "-alt-")
			switch alt {
			case "", "short":
			case "stand":
				key += "/alone"
				alt = ""
			default:
				return ""
			}
			if len(key) == 4 && f.as == "region" || strings.Contains(key, "secondary") {
				return ""
			}
			if alt != "" {
				return f.as + "-short/" + key
			}
			return f.as + "/" + key
		}, "localeDisplayNames", f.key); err != nil {
			return err
		}
	}
	return take(files, locale, "localeDisplayNames.json", to, func(key string) string {
		switch {
		case strings.HasPrefix(key, "types/calendar/"):
			return strings.TrimPrefix(key, "types/")
		case strings.HasPrefix(key, "localeDisplayPattern/"):
			return key
		}
		return ""
	}, "localeDisplayNames")
}
