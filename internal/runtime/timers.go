package runtime

import (
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// timerFuncs are setTimeout and its kin, and the clock.
func timerFuncs() hostTable {
	return hostTable{
		"timer": promised(func(inv *Invocation, a args) (int32, error) {
			id, err := inv.newID()
			if err == nil {
				inv.timers[id] = in(a.number(0))
			}
			return id, err
		}),
		"again":  notice(func(inv *Invocation, a args) { inv.timers[a.id(0)] = in(a.number(1)) }),
		"cancel": notice(func(inv *Invocation, a args) { delete(inv.timers, a.id(0)) }),
		"now": func(args) (quickjs.Value, error) {
			return quickjs.Number(float64(time.Since(quickjs.Began()).Microseconds()) / 1000), nil
		},
		"origin": func(args) (quickjs.Value, error) {
			return quickjs.Number(float64(quickjs.Began().UnixMicro()) / 1000), nil
		},
	}
}

// in returns the moment after so many milliseconds.
func in(ms float64) time.Time { return time.Now().Add(time.Duration(ms * float64(time.Millisecond))) }

// newID counts timers and host calls of the invocation, and bounds how many may be waiting. Calls that have finished wait for
// nothing, though a script that does not pause hears of them later; it may have a few times as many of those.
func (inv *Invocation) newID() (int32, error) {
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		inv.drain(4 * inv.limits.MaxPending)
	}
	if len(inv.timers)+inv.pending-len(inv.ready) >= inv.limits.MaxPending {
		return 0, errs.New(errs.Unavailable, "more than %d timers and calls are waiting", inv.limits.MaxPending)
	}
	inv.nextID++
	return inv.nextID, nil
}

func (inv *Invocation) nextTimer() (id int32, due time.Time) {
	for i, t := range inv.timers {
		if id == 0 || t.Before(due) || t.Equal(due) && i < id {
			id, due = i, t
		}
	}
	return id, due
}
