package quickjs

import (
	"sync/atomic"
	"time"

	"fazt/internal/errs"
)

// clock tells the interrupt handler when to stop.
type clock struct {
	stop  int32
	limit int64 // monotonic nanoseconds; 0 = none
	cpu   int64 // likewise: when the processor time will be used up, if no pause comes before
	pause int64 // likewise: when to call the isolate's pause
}

var began = time.Now() // origin of the monotonic clock; never changes

// Began returns the origin of the monotonic clock.
func Began() time.Time { return began }

// Monotonic is now, in nanoseconds of the monotonic clock.
func Monotonic() int64 { return int64(time.Since(began)) }

// ErrDeadline ends a script whose time is over; no script can catch it.
var ErrDeadline = errs.New(errs.Timeout, "the function took too long")

// ErrProcessorTime ends a script that has used its processor time; no script can catch it either.
var ErrProcessorTime = errs.New(errs.Timeout, "the function used too much processor time")

// Ends is the moment at which the script must stop, on the monotonic clock; 0 = none.
func (i *Isolate) Ends() int64 { return i.clock.ends() }

// Halt makes the engine stop at once, for a reason of its own.
func (i *Isolate) Halt(why error) {
	i.why = why
	atomic.StoreInt32(&i.clock.stop, 1)
}

// Arm makes the engine stop at the deadline.
func (i *Isolate) Arm(deadline time.Time) {
	i.why = nil
	atomic.StoreInt32(&i.clock.stop, 0)
	atomic.StoreInt64(&i.clock.cpu, 0)
	atomic.StoreInt64(&i.clock.pause, 0)
	atomic.StoreInt64(&i.clock.limit, int64(deadline.Sub(began)))
}

// ArmCPU makes the engine stop at a moment of the monotonic clock, too, when the processor time is used up.
func (i *Isolate) ArmCPU(at int64) { atomic.StoreInt64(&i.clock.cpu, at) }

// ArmPause makes the engine call pause at a moment of the monotonic clock, or soon after.
func (i *Isolate) ArmPause(at int64) { atomic.StoreInt64(&i.clock.pause, at) }

// Disarm lets the engine run without a deadline.
func (i *Isolate) Disarm() {
	i.why = nil
	atomic.StoreInt32(&i.clock.stop, 0)
	atomic.StoreInt64(&i.clock.cpu, 0)
	atomic.StoreInt64(&i.clock.pause, 0)
	atomic.StoreInt64(&i.clock.limit, 0)
}

// expired reports whether the time of the script is over.
func (i *Isolate) expired() bool { return i.clock.over() }

// Overtime is why: what came first, the deadline or the end of the processor time.
func (i *Isolate) Overtime() error {
	if i.why != nil {
		return i.why
	}
	limit, cpu := atomic.LoadInt64(&i.clock.limit), atomic.LoadInt64(&i.clock.cpu)
	if cpu != 0 && (limit == 0 || cpu < limit) {
		return ErrProcessorTime
	}
	return ErrDeadline
}

// ends is the earlier of the two moments at which the script must stop; 0 = none.
func (c *clock) ends() int64 {
	limit, cpu := atomic.LoadInt64(&c.limit), atomic.LoadInt64(&c.cpu)
	if limit == 0 || cpu != 0 && cpu < limit {
		return cpu
	}
	return limit
}

func (c *clock) over() bool {
	if atomic.LoadInt32(&c.stop) != 0 {
		return true
	}
	ends := c.ends()
	return ends != 0 && Monotonic() >= ends
}
