package runtime

import (
	"errors"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"fazt/internal/errs"
)

// errStarved ends a run that would have been within the memory of a machine, while all machines together had theirs.
var errStarved = &errs.Error{Kind: errs.Unavailable, Message: "there is no memory for the function right now; try again", Retry: time.Second}

// commons is the memory that all machines of an engine share: what they hold together, and may. It is not Go's, and no
// collector knows of it.
type commons struct{ held, most atomic.Int64 }

// ledger is what one machine holds of it. It lies outside of the machine's memory, which can be taken away.
type ledger struct {
	held    int64
	starved bool // it was refused some, because the machines together have all they may
	commons *commons
}

// book counts n more bytes of the machine, or fewer.
func (h *heap) book(n int) {
	if h.ledger != nil {
		h.ledger.book(int64(n))
	}
}

func (l *ledger) book(n int64) {
	l.held += n
	l.commons.held.Add(n)
}

// affords says whether the machines together may have so much more.
func (h *heap) affords(n int) bool {
	l := h.ledger
	if l == nil {
		return true
	}
	if l.commons.held.Load()+int64(n) > l.commons.most.Load() {
		l.starved = true
		return false
	}
	return true
}

// setLedger counts what the machine allocates from here on, and what it has.
func (i *isolate) setLedger(c *commons) {
	i.ledger = &ledger{commons: c}
	if i.region != nil {
		at[heap](uintptr(unsafe.Pointer(&i.region[0]))).ledger = i.ledger
	}
	i.ledger.book(i.memory())
}

// writeOff counts a machine that is about to be ended as gone.
func (i *isolate) writeOff() {
	if l := i.ledger; l != nil {
		l.book(-l.held)
	}
}

func (i *isolate) held() int64 {
	if i.ledger == nil {
		return 0
	}
	return i.ledger.held
}

// starved makes a want of memory that is not the script's fault of err, if it is one.
func (m *machine) starved(err error) error {
	var t *thrown
	if m.ledger == nil || !m.ledger.starved || !errors.As(err, &t) || !strings.HasPrefix(t.Message, "InternalError: out of memory") {
		return nil
	}
	return errStarved
}

// trim gives pages of an idle machine that it does not use back to the system.
func (i *isolate) trim() {
	if i.region == nil || i.dead.Load() {
		return
	}
	if h := at[heap](uintptr(unsafe.Pointer(&i.region[0]))); h.idle > 0 {
		h.trim()
	}
}
