package cldr

import "testing"

func TestTags(t *testing.T) {
	for _, test := range []struct{ tag, want string }{
		{"EN-us", "en-US"}, {"zh-hant-tw", "zh-Hant-TW"}, {"iw", "he"}, {"sh", "sr-Latn"}, {"de-DE-u-co-phonebk-kn-true", "de-DE-u-co-phonebk-kn"},
		{"en-x-a-b", "en-x-a-b"}, {"de-1996", "de-1996"}, {"en-u-nu-arab-ca-islamicc", "en-u-ca-islamic-civil-nu-arab"}, {"und", "und"}, {"mo", "ro"}, {"en-t-de-u-nu-latn", "en-t-de-u-nu-latn"},
		{"", ""}, {"a", ""}, {"en_US", ""}, {"en-", ""}, {"en-u", ""}, {"en-a-x", ""}, {"en-1996-1996", ""}, {"x-a", ""}, {"toolonglanguage", ""}, {"en-u-nu-latn-u-co-eor", ""},
	} {
		got, ok := Parse(test.tag)
		if ok != (test.want != "") || ok && got.String() != test.want {
			t.Errorf("%s: %s, %t; want %s", test.tag, got, ok, test.want)
		}
	}
}

func TestDataIsThatOfTheNearestParent(t *testing.T) {
	for _, test := range []struct{ locale, section, key, want string }{
		{"de", "numbers", "latn/symbols/group", "."},
		{"de-CH", "numbers", "latn/symbols/group", "'"},
		{"de-DE", "numbers", "latn/symbols/group", "."},
		{"es-MX", "numbers", "latn/symbols/group", ","}, // through es-419
		{"zh-Hant-HK", "names", "region/DE", "德國"},
		{"en-GB", "dates", "date/short", "dd/MM/y"},
		{"xx", "numbers", "latn/symbols/group", ""},
		{"de", "numbers", "nothing", ""},
		{"de", "nothing", "nothing", ""},
	} {
		if got, ok := Get(test.locale, test.section, test.key); got != test.want || ok != (test.want != "") {
			t.Errorf("%s %s of %s is %q, want %q", test.section, test.key, test.locale, got, test.want)
		}
	}
}

// What a search finds is what is there: the first, the last, and nothing in between.
func TestEveryKeyIsFound(t *testing.T) {
	b := memo.block("de", "names")
	for i, r := range b.rows {
		if got, ok := b.find(b.keys[r.key]); !ok || got != b.value(i) || got == "" {
			t.Errorf("%s is %q, want %q", b.keys[r.key], got, b.value(i))
		}
		if _, ok := b.find(b.keys[r.key] + "!"); ok {
			t.Errorf("%s! is there", b.keys[r.key])
		}
	}
	if len(b.rows) < 500 || len(Under("de", "names", "")) != len(b.rows) {
		t.Errorf("there are %d names", len(b.rows))
	}
}

// The data of all locales is ten times as large as what is kept of it.
func TestUnpackedDataIsNotKeptForever(t *testing.T) {
	for _, locale := range locales() {
		for _, section := range []string{"names", "currencies", "zones", "dates"} {
			Get(locale, section, "")
		}
	}
	memo.Lock()
	defer memo.Unlock()
	size := 0
	for _, group := range memo.groups {
		for _, b := range group {
			size += len(b.text)
			break // all have the same
		}
	}
	if size == 0 || size > maxUnpacked {
		t.Errorf("%d bytes are kept", size)
	}
}

func FuzzParse(f *testing.F) {
	for _, tag := range []string{"en", "zh-Hant-TW-u-nu-hanidec-x-y", "de-1996-t-en-m0-true", "und-u-attr-kn"} {
		f.Add(tag)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tag, ok := Parse(text)
		if !ok {
			return
		}
		again, ok := Parse(tag.String())
		if !ok || again.String() != tag.String() {
			t.Errorf("%q becomes %q, and that %q, %t", text, tag, again, ok)
		}
		tag.Maximize()
		tag.Minimize()
		Supported(tag)
	})
}
