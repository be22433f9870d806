package system

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"fazt/internal/schema"
)

func TestDefaultLimitsAreInTheirRanges(t *testing.T) {
	l := Defaults()
	if err := schema.Validate(&l); err != nil {
		t.Fatal(err)
	}
	for _, f := range schema.Of[Limits]().Fields() {
		if f.Label == "" || f.Desc == "" || f.Unit == "" {
			t.Errorf("%s lacks a label, description or unit", f.Path)
		}
		if !f.ReadOnly && (f.Default == "") == (f.Formula == "") {
			t.Errorf("%s needs a default or a formula, and not both", f.Path)
		}
		if !f.ReadOnly && (f.Min == nil || f.Max == nil) {
			t.Errorf("%s lacks a range", f.Path)
		}
	}
}

// Every tag of every limit and setting is in the description that clients get.
func TestEveryTagIsInTheDescription(t *testing.T) {
	described := map[string]Described{}
	for _, g := range append(LimitGroups(), SettingGroups()...) {
		if g.Name != "" && (g.Label == "" || g.Desc == "") {
			t.Errorf("the group %s has no label or description", g.Name)
		}
		for _, d := range g.Fields {
			described[d.Path] = d
		}
	}
	count := 0
	var walk func(typ reflect.Type, prefix string)
	walk = func(typ reflect.Type, prefix string) {
		for i := range typ.NumField() {
			sf := typ.Field(i)
			path := prefix + sf.Tag.Get("json")
			if sf.Type.Kind() == reflect.Struct {
				walk(sf.Type, path+".")
				continue
			}
			count++
			d, ok := described[path]
			if !ok {
				t.Errorf("%s is not described", path)
				continue
			}
			bounds := ""
			if d.Min != nil && d.Max != nil {
				bounds = jsonText(*d.Min) + "," + jsonText(*d.Max)
			}
			for tag, got := range map[string]string{
				"label": d.Label, "desc": d.Desc, "unit": d.Unit, "formula": d.Formula, "range": bounds,
				"readonly": map[bool]string{true: "true"}[d.ReadOnly], "scope": map[bool]string{true: "app"}[d.PerApp],
				"live": map[bool]string{true: "false"}[d.Restart],
			} {
				if want := sf.Tag.Get(tag); got != want {
					t.Errorf("%s: %s is %q in the description, want %q", path, tag, got, want)
				}
			}
			if want, has := sf.Tag.Lookup("default"); has && strings.Trim(string(d.Default), `"`) != want {
				t.Errorf("%s: default is %s, want %s", path, d.Default, want)
			}
			if sf.Tag.Get("formula") != "" && string(d.Default) != "null" {
				t.Errorf("%s: the default %s depends on the machine", path, d.Default)
			}
		}
	}
	walk(reflect.TypeFor[Limits](), "")
	walk(reflect.TypeFor[Settings](), "")
	if count != len(described) {
		t.Errorf("%d fields are declared, %d described", count, len(described))
	}
	if _, err := json.Marshal(append(LimitGroups(), SettingGroups()...)); err != nil {
		t.Error(err)
	}
}

// Limits with a formula depend on the machine, and no others do.
func TestExactlyTheFieldsWithAFormulaDependOnTheMachine(t *testing.T) {
	small := DefaultsOn(Hardware{TotalRAM: 1 << 30, AvailableRAM: 1 << 29, CPUCores: 1})
	large := DefaultsOn(Hardware{TotalRAM: 8 << 30, AvailableRAM: 4 << 30, CPUCores: 8})
	for _, f := range schema.Of[Limits]().Fields() {
		a, _ := schema.Get(&small, f.Path)
		b, _ := schema.Get(&large, f.Path)
		if differs := a != b; differs != (f.Formula != "" || strings.HasPrefix(f.Path, "hardware.")) {
			t.Errorf("%s: %s on a small machine, %s on a large one, formula %q", f.Path, a, b, f.Formula)
		}
	}
	for name, got := range map[string]struct{ got, want int64 }{
		"a quarter of the memory": {small.Storage.MaxVFS, 256 << 20},
		"on a large machine":      {large.Storage.MaxVFS, 2 << 30},
		"at least 16 MiB":         {DefaultsOn(Hardware{TotalRAM: 1 << 20}).Storage.MaxVFS, 16 << 20},
		"at most 4 GiB":           {DefaultsOn(Hardware{TotalRAM: 1 << 40}).Storage.MaxVFS, 4 << 30},
		"ten calls per processor": {int64(large.Net.Concurrency), 80},
		"but 20":                  {int64(small.Net.Concurrency), 20},
		"and no more than 100":    {int64(DefaultsOn(Hardware{CPUCores: 64}).Net.Concurrency), 100},
		"VMs by memory":           {int64(large.Runtime.VMs), 256},
		"a quarter for one app":   {int64(large.Runtime.VMsPerApp), 64},
		"few on a small machine":  {int64(small.Runtime.VMsPerApp), 16},
		"reads":                   {int64(large.Capacity.Reads), 32000},
		"the most users":          {int64(large.Capacity.UsersMax), 64000},
	} {
		if got.got != got.want {
			t.Errorf("%s: %d, want %d", name, got.got, got.want)
		}
	}
	for _, l := range []Limits{small, large, DefaultsOn(Hardware{}), DefaultsOn(Hardware{TotalRAM: 1 << 62, CPUCores: 4096})} {
		if err := schema.Validate(&l); err != nil {
			t.Error(err)
		}
	}
}

func TestLiveLimitsAreReplacedAsAWhole(t *testing.T) {
	live := NewLive(Defaults())
	l := *live.Load()
	l.Runtime.ExecTimeout = 77
	live.Store(l, nil)
	if live.Runtime().ExecTimeout != 77 || live.Storage() != Defaults().Storage {
		t.Fatalf("got %+v", live.Load())
	}
}

func TestDomains(t *testing.T) {
	for domain, ok := range map[string]bool{
		"localhost": true, "example.com": true, "a.b.example.com": true, "xn--bcher-kva.example": true,
		"": false, "Example.com": false, "https://example.com": false, "example.com:80": false, "127.0.0.1": false,
		"::1": false, "a b": false, "example.com/x": false, "-a.com": false, "a_b.com": false, "bücher.example": false,
		"example.com.": false, "a..b": false, ".com": false, "127.1": false, "1": false, "0x7f.0x1": false,
		strings.Repeat("a", 80): false, strings.Repeat("a", 63) + ".com": true, strings.Repeat("abcd.", 40) + "com": false,
	} {
		if err := CheckDomain(domain); (err == nil) != ok {
			t.Errorf("%q: %v", domain, err)
		}
	}
}

func TestQuantities(t *testing.T) {
	for _, tt := range []struct {
		unit, text string
		want       int64
		shown      string // "" = the text itself
	}{
		{"bytes", "100 MB", 100e6, ""}, {"bytes", "64 MiB", 64 << 20, ""}, {"bytes", "64mib", 64 << 20, "64 MiB"},
		{"bytes", "104857600", 100 << 20, "100 MiB"}, {"bytes", "1.5GB", 1_500_000_000, "1500 MB"}, {"bytes", "0.5KiB", 512, "512 B"},
		{"bytes", "0", 0, "0 B"}, {"bytes", "999", 999, "999 B"}, {"bytes", "6319128577", 6319128577, "6.3 GB"}, {"bytes", "16TiB", 16 << 40, "16 TiB"},
		{"ms", "8s", 8000, "8 s"}, {"ms", "500ms", 500, "500 ms"}, {"ms", "8000", 8000, "8 s"}, {"ms", "0.25 s", 250, "250 ms"},
		{"ms", "5min", 300_000, "5 min"}, {"ms", "5m", 300_000, "5 min"}, {"ms", "90 s", 90_000, ""}, {"ms", "0", 0, "0 ms"},
		{"s", "2h", 7200, "2 h"}, {"s", "1d", 86400, "1 d"}, {"s", "3600", 3600, "1 h"}, {"s", "30000ms", 30, "30 s"},
		{"days", "30d", 30, "30 days"}, {"days", "30", 30, "30 days"}, {"days", "48h", 2, "2 days"}, {"days", "30 days", 30, ""},
		{"bytes/s", "4MiB", 4 << 20, "4 MiB/s"}, {"bytes/s", "10 MB/s", 10e6, ""}, {"bytes/s", "6319128577", 6319128577, "6.3 GB/s"}, {"%", "10%", 10, "10 %"}, {"%", "10 %", 10, ""}, {"%", "10", 10, "10 %"},
		{"VMs", "64", 64, "64 VMs"}, {"VMs", "64 VMs", 64, ""}, {"requests/s", "5 requests/s", 5, ""}, {"calls", "-1", -1, "-1 calls"},
	} {
		got, err := schema.ParseQuantity("x", tt.unit, tt.text)
		if err != nil || got != tt.want {
			t.Errorf("%q in %s: %d, %v; want %d", tt.text, tt.unit, got, err, tt.want)
		}
		if tt.shown == "" {
			tt.shown = tt.text
		}
		if shown := schema.Quantity(tt.unit, tt.want); shown != tt.shown {
			t.Errorf("%d %s: shown as %q, want %q", tt.want, tt.unit, shown, tt.shown)
		}
	}
	for _, tt := range [][2]string{
		{"bytes", ""}, {"bytes", "MB"}, {"bytes", "1s"}, {"bytes", "1.5"}, {"bytes", "1e9"}, {"bytes", "0x10"}, {"bytes", "1_000"}, {"bytes", "1/2"},
		{"bytes", "1..5"}, {"bytes", "9999999999999 TB"}, {"bytes", "1e999999999"}, {"bytes", strings.Repeat("9", 100)}, {"bytes", "1 zb"},
		{"s", "500ms"}, {"ms", "1.0005s"}, {"days", "5h"}, {"VMs", "1.5"}, {"VMs", "10MB"}, {"bytes", "4MiB/s"}, {"ms", "5%"}, {"%", "10MB"}, {"ms", "8s8s"}, {"ms", "∞"}, {"ms", "8 s\x00"},
	} {
		if got, err := schema.ParseQuantity("some.path", tt[0], tt[1]); err == nil || !strings.Contains(err.Error(), "some.path") {
			t.Errorf("%q in %s: %d, %v", tt[1], tt[0], got, err)
		}
	}
}

func FuzzQuantity(f *testing.F) {
	for _, unit := range []string{"bytes", "ms", "s", "days", "VMs", ""} {
		for _, text := range []string{"1", "64MiB", "1.5 GB", "8s", "-1", ".", "1e9", "999999999999999999 TB"} {
			f.Add(unit, text)
		}
	}
	f.Fuzz(func(t *testing.T, unit, text string) {
		n, err := schema.ParseQuantity("p", unit, text)
		if err != nil {
			return
		}
		again, err := schema.ParseQuantity("p", unit, jsonText(n))
		if err != nil || again != n {
			t.Errorf("%q in %q is %d, and that is %d, %v", text, unit, n, again, err)
		}
	})
}

// The shown value of a limit can be typed again.
func FuzzShownQuantityReadsBack(f *testing.F) {
	f.Add(int64(1 << 20))
	f.Add(int64(100e6))
	f.Fuzz(func(t *testing.T, n int64) {
		for _, unit := range []string{"bytes", "ms", "s", "days", "VMs"} {
			got, err := schema.ParseQuantity("p", unit, schema.Quantity(unit, n))
			exact := !strings.HasPrefix(unit, "bytes") || !strings.Contains(schema.Quantity(unit, n), ".")
			if exact && (err != nil || got != n) {
				t.Errorf("%d %s is shown as %q, which reads as %d, %v", n, unit, schema.Quantity(unit, n), got, err)
			}
		}
	})
}
