package quickjs

// Meter counts what an isolate holds, and may refuse it more.
type Meter interface {
	// Afford counts n more bytes of the heap. It may wait for them; false means that there is no room.
	Afford(n int64) bool
	// Book counts n more bytes of the heap, or fewer, in any case.
	Book(n int64)
	// Held is how many bytes of the heap are counted now.
	Held() int64
	// Borrow counts n bytes that Go copies out of the heap for a host function. An error ends the script.
	Borrow(n int64) error
	// Return ends the count of all that was borrowed. It is called after every host function.
	Return()
}

// SetMeter makes m count what the isolate allocates from here on; what it holds already is counted.
func (i *Isolate) SetMeter(m Meter) {
	i.meter = m
	i.m.Afford = func(n int) bool { return m.Afford(int64(n)) }
}

// borrow counts what a host function copies. Without memory for that the script ends.
func (i *Isolate) borrow(n int64) bool {
	if i.meter == nil {
		return true
	}
	if err := i.meter.Borrow(n); err != nil {
		i.Halt(err)
		return false
	}
	return true
}

// giveBack ends the count of all that was borrowed.
func (i *Isolate) giveBack() {
	if i.meter != nil {
		i.meter.Return()
	}
}

// Memory is how many bytes the heap uses, as the engine counts them for its limit.
func (i *Isolate) Memory() int64 {
	return int64(i.u32(i.state))
}
