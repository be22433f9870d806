package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// supplemental returns what concerns no locale.
func supplemental(files map[string][]byte) (map[string]string, error) {
	to := map[string]string{}
	for _, f := range []struct {
		file string
		keys []string
		as   string
		add  func(v any, as string, to map[string]string)
	}{
		{"likelySubtags", []string{"likelySubtags"}, "likely/", addTexts},
		{"parentLocales", []string{"parentLocales", "parentLocale"}, "parent/", addTexts},
		{"weekData", []string{"weekData"}, "week/", addTexts},
		{"timeData", []string{"timeData"}, "hours/", addHours},
		{"currencyData", []string{"currencyData", "fractions"}, "fraction/", addTexts},
		{"plurals", []string{"plurals-type-cardinal"}, "cardinal/", addRules},
		{"ordinals", []string{"plurals-type-ordinal"}, "ordinal/", addRules},
		{"pluralRanges", []string{"plurals"}, "range/", addRules},
		{"dayPeriods", []string{"dayPeriodRuleSet"}, "period/", addTexts},
		{"metaZones", []string{"metaZones"}, "", addMetazones},
		{"primaryZones", []string{"primaryZones"}, "primary/", addTexts},
		{"aliases", []string{"metadata", "alias"}, "alias/", addAliases},
		{"numberingSystems", []string{"numberingSystems"}, "digits/", addDigits},
	} {
		var v any
		if err := read(files, "supplemental/"+f.file+".json", &v, append([]string{"supplemental"}, f.keys...)...); err != nil {
			return nil, err
		}
		f.add(v, f.as, to)
	}
	var content []string
	if err := read(files, "defaultContent.json", &content, "defaultContent"); err != nil {
		return nil, err
	}
	to["content"] = strings.Join(slices.DeleteFunc(content, func(locale string) bool { return !wanted(locale) }), " ")
	var zones map[string]any
	if err := read(files, "bcp47/timezone.json", &zones, "keyword", "u", "tz"); err != nil {
		return nil, err
	}
	return to, addZones(zones, to)
}

// spoken are the languages that locales here are of.
func spoken(tag string) bool {
	language, _, _ := strings.Cut(tag, "-")
	for _, l := range languages() {
		if l == language {
			return true
		}
	}
	return false
}

func addTexts(v any, as string, to map[string]string) {
	flatten(v.(map[string]any), as, to, func(key string) string {
		if strings.Contains(key, "-alt-") || strings.Contains(key, "cash") || strings.HasPrefix(key, "period/") && !spoken(strings.Split(key, "/")[1]) {
			return ""
		}
		return strings.Replace(key, "/_", "/", 1)
	})
}

func addHours(v any, as string, to map[string]string) {
	for region, data := range v.(map[string]any) {
		d := data.(map[string]any)
		to[as+strings.Replace(region, "_", "-", 1)] = fmt.Sprint(d["_preferred"], " ", d["_allowed"])
	}
}

// addRules leaves out the examples of rules.
func addRules(v any, as string, to map[string]string) {
	flatten(v.(map[string]any), as, to, func(key string) string {
		if !spoken(strings.Split(key, "/")[1]) {
			return ""
		}
		return strings.NewReplacer("pluralRule-count-", "", "pluralRange-start-", "", "-end-", "/").Replace(key)
	})
	for key, rule := range to {
		if strings.HasPrefix(key, as) {
			rule, _, _ = strings.Cut(rule, "@")
			to[key] = strings.TrimSpace(rule)
		}
	}
}

func addDigits(v any, as string, to map[string]string) {
	for name, system := range v.(map[string]any) {
		if digits, ok := system.(map[string]any)["_digits"].(string); ok {
			to[as+name] = digits
		}
	}
}

func addAliases(v any, as string, to map[string]string) {
	for kind, list := range v.(map[string]any) {
		kind = strings.TrimSuffix(kind, "Alias")
		if kind != "language" && kind != "territory" && kind != "script" && kind != "variant" {
			continue
		}
		for tag, alias := range list.(map[string]any) {
			to[as+kind+"/"+tag] = alias.(map[string]any)["_replacement"].(string)
		}
	}
}

// addMetazones adds the metazones that each zone has been in, as "from metazone" joined by ";", and the zones that stand for
// a metazone.
func addMetazones(v any, _ string, to map[string]string) {
	all := v.(map[string]any)
	addZoneInfo(all["metazoneInfo"].(map[string]any)["timezone"].(map[string]any), "", to)
	for _, m := range all["metazones"].([]any) {
		zone := m.(map[string]any)["mapZone"].(map[string]any)
		to["golden/"+zone["_other"].(string)+"/"+zone["_territory"].(string)] = zone["_type"].(string)
	}
}

func addZoneInfo(tree map[string]any, prefix string, to map[string]string) {
	for name, v := range tree {
		if more, ok := v.(map[string]any); ok {
			addZoneInfo(more, prefix+name+"/", to)
			continue
		}
		var list []string
		for _, u := range v.([]any) {
			m := u.(map[string]any)["usesMetazone"].(map[string]any)
			from, _ := m["_from"].(string)
			until, _ := m["_to"].(string)
			list = append(list, cmp.Or(from, "-")+"|"+cmp.Or(until, "-")+"|"+m["_mzone"].(string))
		}
		to["metazone/"+prefix+name] = strings.Join(list, ";")
	}
}

// addZones adds for each name of a zone the one that CLDR uses, and for that its region.
func addZones(zones map[string]any, to map[string]string) error {
	for id, v := range zones {
		zone, ok := v.(map[string]any)
		if !ok {
			continue
		}
		names := strings.Fields(fmt.Sprint(zone["_alias"]))
		if len(names) == 0 || zone["_deprecated"] == true {
			continue
		}
		for _, name := range names {
			to["zone/"+name] = names[0]
		}
		region, ok := zone["_region"].(string)
		if !ok && len(id) == 5 {
			region = strings.ToUpper(id[:2])
		}
		to["region/"+names[0]] = region
	}
	return nil
}
