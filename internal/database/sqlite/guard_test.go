package sqlite

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

func TestAnAllowanceEndsWithItsStatement(t *testing.T) {
	const endless = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) "
	guard := Guard{MaxBytes: 1 << 20, MaxMemory: 4 << 20, MaxSpill: 1 << 20}
	for _, tt := range []struct {
		name, statement string
		time            time.Duration
		want            errs.Kind
	}{
		{"needs too much memory", "SELECT 1" + strings.Repeat(", randomblob(900000)", 20), time.Minute, errs.TooLarge},
		{"needs too much time", endless + "SELECT count(*) FROM c", 300 * time.Millisecond, errs.Timeout},
		{"is refused", "SELECT load_extension('x')", time.Minute, errs.Forbidden},
		{"cannot be parsed", "SELEC 1", time.Minute, errs.Invalid},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), tt.time)
		err := open(t).Guarded(ctx, tt.statement, guard, false, func(*Statement) error { return nil })
		cancel()
		if errs.KindOf(err) != tt.want {
			t.Errorf("a statement that %s: %v (%v)", tt.name, err, errs.KindOf(err))
		}
		if n := allowances.n.Load(); n != 0 {
			t.Errorf("a statement that %s: %d allowances are left", tt.name, n)
		}
	}
	failed := errors.New("the row was not wanted")
	if err := open(t).Guarded(t.Context(), "SELECT 1", guard, false, func(*Statement) error { return failed }); !errors.Is(err, failed) || allowances.n.Load() != 0 {
		t.Errorf("a row that fails: %v, %d allowances are left", err, allowances.n.Load())
	}
}
