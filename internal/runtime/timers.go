package runtime

import (
	"time"

	"fazt/internal/quickjs"
)

// timerFuncs are setTimeout, setInterval and the clock.
func timerFuncs() Table {
	return Table{
		"timer": Promised(func(inv *Invocation, a Args) (int32, error) {
			id, err := inv.NewID()
			if err == nil {
				inv.setTimer(id, a.Number(0))
			}
			return id, err
		}),
		"again":  Notice(func(inv *Invocation, a Args) { inv.setTimer(a.ID(0), a.Number(1)) }),
		"cancel": Notice(func(inv *Invocation, a Args) { delete(inv.timers, a.ID(0)) }),
		"now": func(Args) (quickjs.Value, error) {
			return quickjs.Number(float64(time.Since(quickjs.Began()).Microseconds()) / 1000), nil
		},
		"origin": func(Args) (quickjs.Value, error) {
			return quickjs.Number(float64(quickjs.Began().UnixMicro()) / 1000), nil
		},
	}
}

// setTimer makes a timer due in ms milliseconds.
func (inv *Invocation) setTimer(id int32, ms float64) {
	if inv.timers == nil { // most invocations have none
		inv.timers = map[int32]time.Time{}
	}
	inv.timers[id] = time.Now().Add(time.Duration(ms * float64(time.Millisecond)))
}

func (inv *Invocation) nextTimer() (id int32, due time.Time) {
	for i, t := range inv.timers {
		if id == 0 || t.Before(due) || t.Equal(due) && i < id {
			id, due = i, t
		}
	}
	return id, due
}
