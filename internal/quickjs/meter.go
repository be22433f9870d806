package quickjs

import "fazt/internal/errs"

// Meter counts what an isolate holds, and may refuse it more.
type Meter interface {
	// Afford counts n more bytes of the heap. It may wait for them; false means that there is no room.
	Afford(n int64) bool
	// Book counts n more bytes of the heap, or fewer, in any case.
	Book(n int64)
	// Held is how many bytes of the heap are counted now.
	Held() int64
	// Borrow counts n bytes that Go holds for a host function. An error ends the script.
	Borrow(n int64) error
	// Return ends the count of all that was borrowed. It is called after every host function.
	Return()
}

// SetMeter makes m count what the isolate allocates from here on; what it holds already is counted.
func (i *Isolate) SetMeter(m Meter) {
	i.meter = m
	i.m.Afford = func(n int) bool { return m.Afford(int64(n)) }
}

// ErrMemory is what a host function returns when the memory of the isolate is used up. The script gets the error of the engine.
var ErrMemory = errs.New(errs.StorageFull, "out of memory")

// freeHold is how much a host function may hold at a time without that being counted.
const freeHold = 64 << 10

// Hold counts n bytes that a host function holds outside of the isolate's memory until it returns. Call it before they are
// allocated. They count towards the limit of the isolate; with more bytes beyond it than that allows, the error is ErrMemory.
func (i *Isolate) Hold(n, more int64) error {
	if n <= freeHold {
		return nil
	}
	if i.Memory()+i.borrowed+n+more > i.maxMemory {
		i.exhausted = true
		return ErrMemory
	}
	if i.meter == nil {
		return nil
	}
	if err := i.meter.Borrow(n); err != nil {
		i.exhausted = true
		i.Halt(err)
		return err
	}
	i.borrowed += n
	return nil
}

// giveBack ends the count of all that was borrowed.
func (i *Isolate) giveBack() {
	i.borrowed = 0
	if i.meter != nil {
		i.meter.Return()
	}
}

// Memory is how many bytes the scripts use: of the heap, as the engine counts them for its limit, and outside.
func (i *Isolate) Memory() int64 {
	return int64(i.u32(i.state)) + i.outside
}

// Spend counts n bytes that Go holds for the scripts until the isolate is closed or restored, or less if n is negative. The heap
// may use so much less. It reports false if there is no room.
func (i *Isolate) Spend(n int64) bool {
	if n > 0 && (i.Memory()+n > i.maxMemory || i.meter != nil && !i.meter.Afford(n)) {
		return false
	}
	if n < 0 && i.meter != nil {
		i.meter.Book(n)
	}
	i.outside += n
	i.m.XJS_SetMemoryLimit(i.rt, int32(min(i.maxMemory-i.outside, 1<<31-1)))
	return true
}
