package cldr

import (
	"maps"
	"slices"
	"strings"
)

// Tag is a language tag of BCP 47 (RFC 5646 and 6067), in canonical form.
type Tag struct {
	Language, Script, Region string
	Variants                 []string
	Attributes               []string          // of the Unicode extension
	Keywords                 map[string]string // of the Unicode extension; "true" is ""
	Others                   []string          // other extensions, each "t-…"
	Private                  string            // "x-…"
}

// Parse parses a tag and makes it canonical; false = it is not valid.
func Parse(text string) (Tag, bool) {
	t := Tag{Keywords: map[string]string{}}
	parts := strings.Split(strings.ToLower(text), "-")
	if !isAlpha(parts[0], 2, 3) && !isAlpha(parts[0], 5, 8) {
		return t, false
	}
	for _, p := range parts {
		if p == "" || len(p) > 8 || !isWord(p) {
			return t, false
		}
	}
	t.Language, parts = parts[0], parts[1:]
	if len(parts) > 0 && isAlpha(parts[0], 4, 4) {
		t.Script, parts = strings.ToUpper(parts[0][:1])+parts[0][1:], parts[1:]
	}
	if len(parts) > 0 && (isAlpha(parts[0], 2, 2) || isDigits(parts[0], 3)) {
		t.Region, parts = strings.ToUpper(parts[0]), parts[1:]
	}
	for len(parts) > 0 && isVariant(parts[0]) {
		if slices.Contains(t.Variants, parts[0]) {
			return t, false
		}
		t.Variants, parts = append(t.Variants, parts[0]), parts[1:]
	}
	if !t.extensions(parts) {
		return t, false
	}
	t.canonicalize()
	return t, true
}

func isVariant(p string) bool { return len(p) >= 5 || len(p) == 4 && p[0] >= '0' && p[0] <= '9' }

// extensions parses what follows a singleton.
func (t *Tag) extensions(parts []string) bool {
	seen := map[string]bool{}
	for len(parts) > 0 {
		single := parts[0]
		if len(single) != 1 || seen[single] {
			return false
		}
		if single == "x" {
			t.Private = strings.Join(parts, "-")
			return len(parts) > 1
		}
		seen[single] = true
		n := 1
		for n < len(parts) && len(parts[n]) > 1 {
			n++
		}
		if n == 1 {
			return false
		}
		if single == "u" {
			t.unicode(parts[1:n])
		} else if !isTransform(single, parts[1:n]) {
			return false
		} else {
			t.Others = append(t.Others, strings.Join(parts[:n], "-"))
		}
		parts = parts[n:]
	}
	slices.Sort(t.Others)
	return true
}

// isTransform reports whether an extension "t" begins with a language or a field.
func isTransform(single string, parts []string) bool {
	if single != "t" {
		return true
	}
	isField := len(parts[0]) == 2 && parts[0][1] <= '9'
	return isField && len(parts) > 1 || isAlpha(parts[0], 2, 3) || isAlpha(parts[0], 5, 8)
}

func (t *Tag) unicode(parts []string) {
	for len(parts) > 0 && len(parts[0]) > 2 {
		t.Attributes, parts = append(t.Attributes, parts[0]), parts[1:]
	}
	slices.Sort(t.Attributes)
	t.Attributes = slices.Compact(t.Attributes)
	for len(parts) > 0 {
		key, n := parts[0], 1
		for n < len(parts) && len(parts[n]) > 2 {
			n++
		}
		if _, ok := t.Keywords[key]; !ok {
			t.Keywords[key] = canonicalType(key, strings.Join(parts[1:n], "-"))
		}
		parts = parts[n:]
	}
}

// canonicalType replaces values of keywords that have another name.
func canonicalType(key, value string) string {
	if value == "true" || value == "yes" && strings.Contains("kb kc kh kk kn", key) {
		return ""
	}
	for _, alias := range []struct{ key, from, to string }{
		{"ca", "gregorian", "gregory"}, {"ca", "islamicc", "islamic-civil"}, {"ca", "ethiopic-amete-alem", "ethioaa"}, {"ks", "primary", "level1"}, {"ks", "tertiary", "level3"},
		{"co", "dictionary", "dict"}, {"co", "phonebook", "phonebk"}, {"co", "traditional", "trad"}, {"co", "gb2312han", "gb2312"}, {"nu", "traditional", "traditio"},
		{"ms", "imperial", "uksystem"}, {"tz", "cnckg", "cnsha"}, {"tz", "eire", "iedub"}, {"tz", "est", "papty"}, {"tz", "gmt0", "gmt"}, {"tz", "uct", "utc"}, {"tz", "zulu", "utc"},
	} {
		if key == alias.key && value == alias.from {
			return alias.to
		}
	}
	return value
}

// canonicalize replaces subtags that are deprecated.
func (t *Tag) canonicalize() {
	slices.Sort(t.Variants)
	for _, key := range []string{t.Language + "-" + strings.Join(t.Variants, "-"), t.Language + "-" + t.Region, t.Language} {
		to, ok := Core("alias/language/" + key)
		if !ok || strings.HasSuffix(key, "-") {
			continue
		}
		if strings.Contains(key, "-") && len(t.Variants) > 0 && key != t.Language+"-"+t.Region {
			t.Variants = nil
		} else if key == t.Language+"-"+t.Region {
			t.Region = ""
		}
		parts := strings.Split(to, "-")
		t.Language = parts[0]
		for _, p := range parts[1:] {
			switch {
			case len(p) == 4 && t.Script == "":
				t.Script = p
			case len(p) < 4 && t.Region == "":
				t.Region = p
			}
		}
		break
	}
	if to, ok := Core("alias/script/" + t.Script); ok {
		t.Script = to
	}
	if to, ok := Core("alias/territory/" + t.Region); ok {
		list := strings.Fields(to)
		t.Region, to = list[0], likelyRegion(t.Language, t.Script)
		if slices.Contains(list, to) {
			t.Region = to
		}
	}
}

func likelyRegion(language, script string) string {
	t, _ := Tag{Language: language, Script: script}.Maximize()
	return t.Region
}

// Base returns the tag without extensions.
func (t Tag) Base() string {
	var b strings.Builder
	b.WriteString(t.Language)
	for _, p := range append([]string{t.Script, t.Region}, t.Variants...) {
		if p != "" {
			b.WriteString("-" + p)
		}
	}
	return b.String()
}

// String returns the canonical tag.
func (t Tag) String() string {
	extensions := slices.Clone(t.Others)
	if len(t.Keywords)+len(t.Attributes) > 0 {
		u := append([]string{"u"}, t.Attributes...)
		for _, key := range slices.Sorted(maps.Keys(t.Keywords)) {
			u = append(u, key)
			if v := t.Keywords[key]; v != "" {
				u = append(u, v)
			}
		}
		extensions = append(extensions, strings.Join(u, "-"))
		slices.Sort(extensions)
	}
	if t.Private != "" {
		extensions = append(extensions, t.Private)
	}
	return strings.Join(append([]string{t.Base()}, extensions...), "-")
}

// Maximize adds the script and region that are likely; false = none are known.
func (t Tag) Maximize() (Tag, bool) {
	if t.Language != "" && t.Script != "" && t.Region != "" && t.Language != "und" {
		return t, true
	}
	language := t.Language
	if language == "" {
		language = "und"
	}
	for _, try := range [][]string{{language, t.Script, t.Region}, {language, t.Region}, {language, t.Script}, {language}, {"und", t.Script}} {
		if slices.Contains(try, "") {
			try = slices.DeleteFunc(slices.Clone(try), func(s string) bool { return s == "" })
		}
		likely, ok := Core("likely/" + strings.Join(try, "-"))
		if !ok {
			continue
		}
		parts := strings.Split(likely, "-")
		if language == "und" {
			t.Language = parts[0]
		}
		if t.Script == "" {
			t.Script = parts[1]
		}
		if t.Region == "" {
			t.Region = parts[2]
		}
		return t, true
	}
	return t, false
}

// Minimize removes what Maximize would add.
func (t Tag) Minimize() Tag {
	whole, ok := t.Maximize()
	if !ok {
		return t
	}
	want := whole.Base()
	for _, try := range []Tag{{Language: whole.Language}, {Language: whole.Language, Region: whole.Region}, {Language: whole.Language, Script: whole.Script}} {
		try.Variants = t.Variants
		if got, _ := try.Maximize(); got.Base() == want {
			t.Language, t.Script, t.Region = try.Language, try.Script, try.Region
			return t
		}
	}
	t.Language, t.Script, t.Region = whole.Language, whole.Script, whole.Region
	return t
}

func isAlpha(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

func isDigits(s string, n int) bool { return len(s) == n && strings.Trim(s, "0123456789") == "" }

func isWord(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// IsType reports whether a text has the form of the value of a keyword.
func IsType(text string) bool {
	for part := range strings.SplitSeq(text, "-") {
		if len(part) < 3 || len(part) > 8 || !isWord(part) {
			return false
		}
	}
	return true
}
