package system

import (
	"path/filepath"
	"testing"

	"fazt/internal/database"
	"fazt/internal/schema"
)

func TestDefaultLimitsAreInTheirRanges(t *testing.T) {
	l := Defaults()
	if err := schema.Validate(&l); err != nil {
		t.Fatal(err)
	}
	for _, f := range schema.Of[Limits]().Fields() {
		if f.Label == "" || f.Desc == "" || f.Unit == "" || f.Default == "" || f.Min == nil || f.Max == nil {
			t.Errorf("%s lacks a label, description, unit, default or range", f.Path)
		}
	}
}

func TestStoredSettingsWinOverDefaults(t *testing.T) {
	db, err := database.Open(t.Context(), database.Config{Path: filepath.Join(t.TempDir(), "data.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if s, err := LoadSettings(t.Context(), db); err != nil || s.Domain != "localhost" || len(s.Listen) != 1 {
		t.Fatalf("defaults: %+v, %v", s, err)
	}
	err = db.Write(t.Context(), func(tx *database.Tx) error {
		if err := SetSettingTx(tx, "nothing", "x"); err == nil {
			t.Error("an unknown setting was stored")
		}
		return SetSettingTx(tx, "domain", "example.com")
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := LoadSettings(t.Context(), db); err != nil || s.Domain != "example.com" {
		t.Fatalf("stored: %+v, %v", s, err)
	}
}

func TestLiveLimitsAreReplacedWhole(t *testing.T) {
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
	} {
		if err := CheckDomain(domain); (err == nil) != ok {
			t.Errorf("%q: %v", domain, err)
		}
	}
}
