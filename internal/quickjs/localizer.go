package quickjs

import (
	"fmt"
	"sync"
	"time"

	engine "modernc.org/quickjs"
	"modernc.org/quickjs/intl"

	"fazt/internal/errs"
)

const (
	mostIntlText   = 64 << 10 // bytes of one question
	intlMemory     = 32 << 20
	intlTime       = 200 * time.Millisecond
	intlQuestions  = 100_000 // after so many the VM is made again: nothing that was left in it stays for good
	intlEntryPoint = "answer"
)

// Localizer formats dates and numbers for Intl. The engine of the functions has no such thing; the package that has it wants
// a VM of its own kind, so there is one for all: it runs our script alone, and sees of a function only the JSON of
// what is to be formatted.
type Localizer struct {
	script string

	mu    sync.Mutex
	vm    *engine.VM
	asked int
}

// NewLocalizer returns a localizer that runs the script. No VM exists until something is to be formatted.
func NewLocalizer(script string) *Localizer { return &Localizer{script: script} }

// Ask answers a question of the part "intl", in JSON.
func (l *Localizer) Ask(question string) (answer string, err error) {
	if len(question) > mostIntlText {
		return "", errs.New(errs.TooLarge, "the value to format with Intl is longer than %d bytes", mostIntlText)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked++; l.asked > intlQuestions {
		l.close()
	}
	if l.vm == nil {
		if l.vm, err = newLocalizerVM(l.script); err != nil {
			l.vm = nil
			return "", fmt.Errorf("intl: %w", err)
		}
	}
	found, err := l.vm.Call(intlEntryPoint, question)
	text, ok := found.(string)
	if err != nil || !ok {
		l.close() // out of time or memory, and no one knows in which state
		return "", errs.New(errs.Unavailable, "Intl could not format this")
	}
	return text, nil
}

func newLocalizerVM(script string) (*engine.VM, error) {
	vm, err := engine.NewVM()
	if err != nil {
		return nil, err
	}
	vm.SetMemoryLimit(intlMemory)
	if err = intl.Register(vm); err == nil {
		_, err = vm.Eval(script, engine.EvalGlobal)
	}
	if err == nil {
		err = vm.SetEvalTimeout(intlTime)
	}
	if err != nil {
		_ = vm.Close()
		return nil, err
	}
	return vm, nil
}

// End closes the localizer when no more questions come.
func (l *Localizer) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
}

// close ends the VM; the next question makes another.
func (l *Localizer) close() {
	if l.vm != nil {
		_ = l.vm.Close()
		l.vm, l.asked = nil, 0
	}
}
