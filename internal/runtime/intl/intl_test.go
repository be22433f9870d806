package intl

import (
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"fazt/internal/errs"
)

const (
	number = `["NumberFormat",[],{"style":"decimal","notation":"standard","signDisplay":"auto","roundingMode":"halfExpand","roundingPriority":"auto","trailingZeroDisplay":"auto","minimumIntegerDigits":1,"roundingIncrement":1}]`
	order  = `["Collator",["de"],{"usage":"sort","sensitivity":"variant"}]`
)

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name, method, key string
		values            []any
		want              string
	}{
		{"a number", "format", number, []any{1234567.891}, "v1,234,567.891"},
		{"every digit of a BigInt", "format", number, []any{"n12345678901234567890"}, "v12,345,678,901,234,567,890"},
		{"every digit of a text", "format", number, []any{"s 12345678901234567890.5 "}, "v12,345,678,901,234,567,890.5"},
		{"no number", "format", number, []any{"s1_0"}, "vNaN"},
		{"no BigInt", "format", number, []any{"n1e5"}, "vNaN"},
		{"infinity by name", "format", number, []any{"s-Infinity"}, "v-∞"},
		{"not infinity", "format", number, []any{"sinf"}, "vNaN"},
		{"nothing", "format", number, nil, "vNaN"},
		{"parts", "parts", number, []any{0.5}, `j[{"type":"integer","value":"0"},{"type":"decimal","value":"."},{"type":"fraction","value":"5"}]`},
		{"no date", "format", `["DateTimeFormat",[],{}]`, []any{math.NaN()}, "eRangeError:Invalid time value"},
		{"an unknown time zone", "format", `["DateTimeFormat",[],{"timeZone":"Mars/Olympus"}]`, []any{0.0}, "eRangeError:invalid time zone specified: Mars/Olympus"},
		{"a currency without its name", "format", `["NumberFormat",[],{"style":"currency"}]`, []any{1.0}, "eTypeError:Currency code is required with currency style."},
		{"locales", "canonical", `["EN-us","en-US","de"]`, nil, `j["en-US","de"]`},
		{"what there is", "supported", `["de-AT","sw","xx","en-u-ca-buddhist","zh-TW","tlh"]`, nil, `j["de-AT","en-u-ca-buddhist","zh-TW"]`},
		{"what is used", "resolvedOptions", `["ListFormat",["sw-KE","xx"],{"type":"unit","style":"long"}]`, nil, `j{"locale":"en-US","type":"unit","style":"long"}`},
		{"no locale", "canonical", `["not a locale"]`, nil, "eRangeError:Incorrect locale information provided"},
		{"the order of German", "compare", order, []any{"ä", "b"}, "v-1"},
		{"Turkish", "upper", `["tr"]`, []any{"iı"}, "vİI"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := Answer(test.method, test.key, test.values); err != nil || got != test.want {
				t.Errorf("%s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// A few characters of a text must not become gigabytes of zeros, which nothing could interrupt.
func TestAnExponentCannotUseUpTheMemory(t *testing.T) {
	for value, want := range map[string]string{
		"s1e2000000000": "∞", "s-1e2000000000": "-∞", "s1e-2000000000": "0", "s-1e-2000000000": "-0", "s1e99999999999999999999": "∞",
		"n1e2000000000": "NaN", "n1e9000000000000000000": "NaN", "n-": "NaN", "n": "NaN", "n+1": "NaN", "n1.5": "NaN", "n0x10": "NaN", "n-12": "-12", "n007": "7",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Answer("format", number, []any{value})
		runtime.ReadMemStats(&after)
		if err != nil || got != "v"+want {
			t.Errorf("%s: %s, %v", value, got, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
			t.Errorf("%s takes %d bytes", value, n)
		}
	}
}

// Names of time zones and options come from functions, so they must not pile up.
func TestWhatFunctionsAskForIsNotKeptForever(t *testing.T) {
	for n := range 3 * maxZones {
		if _, err := Answer("format", `["DateTimeFormat",[],{"timeZone":"Nowhere/`+strconv.Itoa(n)+`"}]`, []any{0.0}); err != nil {
			t.Fatal(err)
		}
		if _, err := Answer("list", `["ListFormat",["en-u-nu-x`+strconv.Itoa(1000+n)+`"],{"type":"unit","style":"long"}]`, []any{"[]"}); err != nil {
			t.Fatal(err)
		}
	}
	long := "X/" + strings.Repeat("x", maxZoneName)
	if got, err := Answer("format", `["DateTimeFormat",[],{"timeZone":"`+long+`"}]`, []any{0.0}); err != nil || !strings.Contains(got, "RangeError") {
		t.Error(got, err)
	}
	if _, err := Answer("list", `["ListFormat",["en"],{"type":"unit","style":"long","x":"`+strings.Repeat("x", maxAsked)+`"}]`, []any{"[]"}); err != nil {
		t.Error(err)
	}
	zoneMu.Lock()
	defer zoneMu.Unlock()
	if _, ok := zoneCache[long]; ok || len(zoneCache) > maxZones {
		t.Errorf("%d names are kept", len(zoneCache))
	}
	memo.Lock()
	defer memo.Unlock()
	if len(memo.list) == 0 || len(memo.list) > maxKept {
		t.Errorf("%d formatters are kept", len(memo.list))
	}
	for key := range memo.list {
		if len(key) > maxAsked {
			t.Errorf("a key of %d bytes is kept", len(key))
		}
	}
}

func TestALargeQuestionIsRefused(t *testing.T) {
	for method, size := range map[string]int{"format": maxText, "compare": maxLong} {
		key := map[string]string{"format": number, "compare": order}[method]
		if _, err := Answer(method, key, []any{"n" + strings.Repeat("9", size)}); errs.KindOf(err) != errs.TooLarge {
			t.Error(method, err)
		}
	}
}

// FuzzAnswer asks with what a script can pass to the host: nothing may panic.
func FuzzAnswer(f *testing.F) {
	f.Add("format", number, "s1e5", 1.5)
	f.Add("range", number, "n12", -3.0)
	f.Add("rangeParts", `["DateTimeFormat",["ja"],{"dateStyle":"long","timeZone":"Asia/Tokyo"}]`, "", 1e12)
	f.Add("format", `["DateTimeFormat.toLocaleString",["en-GB"],{"hour":"numeric","dayPeriod":"long"}]`, "x", 0.0)
	f.Add("format", `["RelativeTimeFormat",["ar"],{"style":"long","numeric":"auto"}]`, "day", 2.0)
	f.Add("of", `["DisplayNames",["fr"],{"type":"language","style":"long","fallback":"code","languageDisplay":"dialect"}]`, "zh-Hant-TW", 0.0)
	f.Add("compare", order, "ä🙂", 0.0)
	f.Add("segment", `["Segmenter",[],{"granularity":"word"}]`, "a b", 0.0)
	f.Add("locale", `["de-u-co-phonebk"]`, "weekInfo", 0.0)
	f.Fuzz(func(_ *testing.T, method, key, text string, value float64) {
		_, _ = Answer(method, key, []any{value, text})
		_, _ = Answer(method, key, []any{text, value})
	})
}
