package intl

import (
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"fazt/internal/errs"
)

func TestAnswers(t *testing.T) {
	for _, test := range []struct{ name, question, want string }{
		{"a number", `["Number.toLocaleString",null,null,["number","1234567.891"]]`, `{"value":"1,234,567.891"}`},
		{"options", `["NumberFormat.format",["en-US"],{"style":"currency","currency":"usd"},["number","-0.5"]]`, `{"value":"-$0.50"}`},
		{"every digit of a BigInt", `["Number.toLocaleString",null,null,["bigint","12345678901234567890"]]`, `{"value":"12,345,678,901,234,567,890"}`},
		{"every digit of a text", `["NumberFormat.format",null,null,["string"," 12345678901234567890.5 "]]`, `{"value":"12,345,678,901,234,567,890.5"}`},
		{"no number", `["NumberFormat.format",null,null,["string","1_0"]]`, `{"value":"NaN"}`},
		{"infinity by name", `["NumberFormat.format",null,null,["string","-Infinity"]]`, `{"value":"-∞"}`},
		{"not infinity", `["NumberFormat.format",null,null,["string","inf"]]`, `{"value":"NaN"}`},
		{"parts", `["NumberFormat.formatToParts",null,{"style":"percent"},["number","0.5"]]`, `{"value":[{"type":"integer","value":"50"},{"type":"percentSign","value":"%"}]}`},
		{"an option that is NaN", `["NumberFormat.format",null,{"maximumFractionDigits":null},["number","1.5"]]`, `{"value":"2"}`},
		{"an option out of range", `["NumberFormat.format",null,{"minimumIntegerDigits":null},["number","1"]]`, `{"error":"RangeError","message":"value 0 out of range for Intl options property minimumIntegerDigits"}`},
		{"a date and its time", `["Date.toLocaleString",null,{"timeZone":"UTC"},["number","0"]]`, `{"value":"1/1/1970, 12:00:00 AM"}`},
		{"a date", `["Date.toLocaleDateString",null,{"timeZone":"UTC","hour":"numeric"},["number","0"]]`, `{"value":"1/1/1970, 12 AM"}`},
		{"a time", `["Date.toLocaleTimeString",null,{"timeZone":"UTC","weekday":"long"},["number","0"]]`, `{"value":"Thursday 12:00:00 AM"}`},
		{"a date without options", `["DateTimeFormat.format",null,{"timeZone":"UTC"},["number","0"]]`, `{"value":"1/1/1970"}`},
		{"a style that is not of a date", `["Date.toLocaleDateString",null,{"timeStyle":"short"},["number","0"]]`, `{"error":"TypeError","message":"Option timeStyle is not usable when formatting a date"}`},
		{"a style that is not of a time", `["Date.toLocaleTimeString",null,{"dateStyle":"short"},["number","0"]]`, `{"error":"TypeError","message":"Option dateStyle is not usable when formatting a time"}`},
		{"no date", `["DateTimeFormat.format",null,null,["number","NaN"]]`, `{"error":"RangeError","message":"invalid time value"}`},
		{"an unknown time zone", `["DateTimeFormat.resolvedOptions",null,{"timeZone":"Mars/Olympus"},null]`, `{"error":"RangeError","message":"invalid time zone specified: Mars/Olympus"}`},
		{"locales", `["Intl.getCanonicalLocales",["EN-us","en-US","de"],null,null]`, `{"value":["en-US","de"]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := Answer(test.question); err != nil || got != test.want {
				t.Errorf("%s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

// Compact notation without digits rounds in a way of its own, which is no option of the standard.
func TestOptionsAreThoseOfTheStandard(t *testing.T) {
	got, err := Answer(`["NumberFormat.resolvedOptions",null,{"notation":"compact"},null]`)
	if err != nil || strings.Contains(got, "_") || !strings.Contains(got, `"roundingPriority":"morePrecision"`) {
		t.Error(got, err)
	}
}

// A few characters of a text must not become gigabytes of zeros, which nothing could interrupt.
func TestAnExponentCannotUseUpTheMemory(t *testing.T) {
	for value, want := range map[string]string{
		`"string","1e2000000000"`: "∞", `"string","-1e2000000000"`: "-∞", `"string","1e-2000000000"`: "0", `"string","-1e-2000000000"`: "-0",
		`"string","1e99999999999999999999"`: "∞", `"number","1e2000000000"`: "∞", `"bigint","1e2000000000"`: "NaN", `"bigint","1e9000000000000000000"`: "NaN",
		`"bigint","-"`: "NaN", `"bigint",""`: "NaN", `"bigint","+1"`: "NaN", `"bigint","1.5"`: "NaN", `"bigint","0x10"`: "NaN", `"bigint","-12"`: "-12", `"other","1e2000000000"`: "∞",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Answer(`["NumberFormat.format",null,null,[` + value + `]]`)
		runtime.ReadMemStats(&after)
		if err != nil || got != `{"value":"`+want+`"}` {
			t.Errorf("%s: %s, %v", value, got, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s takes %d bytes", value, n)
		}
	}
}

// Names of time zones come from functions, so they must not pile up.
func TestNamesOfTimeZonesAreNotKeptForever(t *testing.T) {
	for n := range 3 * maxZones {
		if _, err := Answer(`["DateTimeFormat.resolvedOptions",null,{"timeZone":"Nowhere/` + strconv.Itoa(n) + `"},null]`); err != nil {
			t.Fatal(err)
		}
	}
	long := "X/" + strings.Repeat("x", maxZoneName)
	if got, err := Answer(`["DateTimeFormat.resolvedOptions",null,{"timeZone":"` + long + `"},null]`); err != nil || !strings.Contains(got, "RangeError") {
		t.Error(got, err)
	}
	zoneMu.Lock()
	defer zoneMu.Unlock()
	if _, ok := zoneCache[long]; ok || len(zoneCache) > maxZones {
		t.Errorf("%d names are kept", len(zoneCache))
	}
}

func TestALargeQuestionIsRefused(t *testing.T) {
	question, _ := json.Marshal([]any{"Number.toLocaleString", nil, nil, []string{"bigint", strings.Repeat("9", maxText)}})
	if _, err := Answer(string(question)); errs.KindOf(err) != errs.TooLarge {
		t.Error(err)
	}
}
