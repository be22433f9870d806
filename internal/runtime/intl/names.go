package intl

import (
	"cmp"
	"strings"

	"fazt/internal/runtime/intl/cldr"
)

// names is a resolved Intl.DisplayNames.
type names struct {
	locale                                 cldr.Locale
	style, kind, fallback, languageDisplay string
}

func newNames(asked []cldr.Tag, o options) *names {
	return &names{cldr.Resolve(asked), o.text("style"), o.text("type"), o.text("fallback"), o.text("languageDisplay")}
}

func (n *names) options() object {
	o := object{{"locale", n.locale.Name}, {"style", n.style}, {"type", n.kind}, {"fallback", n.fallback}}
	if n.kind == "language" {
		o = append(o, property{"languageDisplay", n.languageDisplay})
	}
	return o
}

func (n *names) answer(_ string, values []any) (any, error) {
	code, _ := arg(values, 0).(string)
	name, code, ok := n.of(code)
	switch {
	case !ok:
		return nil, rangeError("Invalid argument to Intl.DisplayNames.prototype.of")
	case name != "":
		return name, nil
	case n.fallback == "code":
		return code, nil
	}
	return nil, nil
}

// of returns the name of a code, "" if there is none, and the code in its canonical form; false = it is not valid.
func (n *names) of(code string) (name, canonical string, ok bool) {
	switch n.kind {
	case "language":
		t, ok := cldr.Parse(code)
		if !ok || len(t.Keywords)+len(t.Attributes)+len(t.Others) > 0 || t.Private != "" {
			return "", code, false
		}
		return n.language(t), t.Base(), true
	case "region":
		t, ok := cldr.Parse("und-" + code)
		if !ok || t.Region == "" || t.Base() != "und-"+t.Region {
			return "", code, false
		}
		return n.short("region", t.Region), t.Region, true
	case "script":
		t, ok := cldr.Parse("und-" + code)
		if !ok || t.Script == "" || t.Base() != "und-"+t.Script {
			return "", code, false
		}
		return cmp.Or(n.locale.Text("names", "script/"+t.Script+"/alone"), n.locale.Text("names", "script/"+t.Script)), t.Script, true
	case "currency":
		code = strings.ToUpper(code)
		if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return "", code, false
		}
		return n.locale.Text("currencies", code+"/name"), code, true
	case "calendar":
		code = strings.ToLower(code)
		if !cldr.IsType(code) {
			return "", code, false
		}
		key := map[string]string{"gregory": "gregorian", "ethioaa": "ethiopic-amete-alem"}[code]
		return n.locale.Text("names", "calendar/"+cmp.Or(key, code)), code, true
	}
	key := map[string]string{"era": "era", "year": "year", "quarter": "quarter", "month": "month", "weekOfYear": "week", "weekday": "weekday", "day": "day", "dayPeriod": "dayperiod", "hour": "hour", "minute": "minute", "second": "second", "timeZoneName": "zone"}[code]
	if key != "" && n.style != "long" {
		key += "-" + n.style
	}
	return n.locale.Text("fields", key+"/displayName"), code, key != ""
}

func (n *names) short(kind, code string) string {
	if n.style != "long" {
		if name, ok := n.locale.Get("names", kind+"-short/"+code); ok {
			return name
		}
	}
	return n.locale.Text("names", kind+"/"+code)
}

// language names a language, with the name of a dialect if there is one and it is wanted.
func (n *names) language(t cldr.Tag) string {
	get := func(code string) string { return n.short("language", code) }
	name, rest := "", t
	if n.languageDisplay == "dialect" {
		for _, try := range []cldr.Tag{{Language: t.Language, Script: t.Script, Region: t.Region}, {Language: t.Language, Region: t.Region}} {
			if name = get(try.Base()); name != "" && try.Base() != t.Language {
				if try.Script != "" {
					rest.Script = ""
				}
				if try.Region != "" {
					rest.Region = ""
				}
				break
			}
			name = ""
		}
	}
	if name == "" {
		if name = get(t.Language); name == "" {
			if t.Script == "" && t.Region == "" {
				return ""
			}
			name = t.Language
		}
	}
	var more []string
	if rest.Script != "" {
		more = append(more, cmp.Or(n.locale.Text("names", "script/"+rest.Script), rest.Script))
	}
	if rest.Region != "" {
		more = append(more, cmp.Or(n.short("region", rest.Region), rest.Region))
	}
	for _, v := range rest.Variants {
		more = append(more, strings.ToUpper(v))
	}
	if len(more) == 0 {
		return name
	}
	list := more[0]
	for _, m := range more[1:] {
		list = strings.NewReplacer("{0}", list, "{1}", m).Replace(n.locale.Text("names", "localeDisplayPattern/localeSeparator"))
	}
	pattern := n.locale.Text("names", "localeDisplayPattern/localePattern")
	if strings.Contains(name, "(") && strings.HasPrefix(pattern, "{0} (") {
		name = strings.NewReplacer("(", "[", ")", "]").Replace(name)
	}
	if strings.Contains(pattern, "({1}") {
		list = strings.NewReplacer("(", "[", ")", "]").Replace(list)
	}
	return strings.NewReplacer("{0}", name, "{1}", list).Replace(pattern)
}
