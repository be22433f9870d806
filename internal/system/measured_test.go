package system

import (
	"testing"
	"time"

	"fazt/internal/database"
	"fazt/internal/database/databasetest"
)

func TestMeasuredValuesApplyOnlyToTheirMachine(t *testing.T) {
	here := Hardware{TotalRAM: 1 << 30, CPUCores: 2}
	m := Measured{Reads: 11, Functions: 12, Writes: 13, Mixed: 14, MeasuredAt: time.Unix(1, 0), CPUCores: 2, TotalRAM: 1 << 30}
	for name, tt := range map[string]struct {
		h    Hardware
		want bool
	}{
		"here":                   {here, true},
		"after another start":    {Hardware{TotalRAM: 1<<30 - 1<<20, CPUCores: 2}, true},
		"with another processor": {Hardware{TotalRAM: 1 << 30, CPUCores: 4}, false},
		"with more memory":       {Hardware{TotalRAM: 2 << 30, CPUCores: 2}, false},
	} {
		l := DefaultsOn(tt.h)
		estimates := l.Capacity
		m.Apply(&l)
		want := estimates
		if tt.want {
			want.Reads, want.Writes, want.Mixed, want.Users, want.UsersMax, want.MeasuredAt = 11, 13, 14, 11, 22, "1970-01-01T00:00:01Z"
		}
		if l.Capacity != want {
			t.Errorf("%s: %+v, want %+v", name, l.Capacity, want)
		}
	}
}

func TestTheLastMeasurementIsStored(t *testing.T) {
	db, err := database.Open(t.Context(), database.Config{Path: databasetest.Path(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if m, err := LoadMeasured(t.Context(), db); err != nil || m != (Measured{}) {
		t.Fatalf("%+v %v", m, err)
	}
	want := Measured{Reads: 2, MeasuredAt: time.Unix(5, 0).UTC(), CPUCores: 1, TotalRAM: 3}
	for _, m := range []Measured{{Reads: 1, MeasuredAt: time.Unix(4, 0)}, want} {
		if err := db.Write(t.Context(), func(tx *database.Tx) error { return SaveMeasuredTx(tx, m) }); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := LoadMeasured(t.Context(), db); err != nil || got != want {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
}
