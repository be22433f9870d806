package runtime

import (
	"fmt"
	"sync"
	"time"

	"modernc.org/quickjs"
	"modernc.org/quickjs/intl"

	"fazt/internal/errs"
	"fazt/internal/runtime/web"
)

const (
	mostIntlText   = 64 << 10 // bytes of one question
	intlMemory     = 32 << 20
	intlTime       = 200 * time.Millisecond
	intlQuestions  = 100_000 // after so many the machine is made anew: nothing that was left in it stays for good
	intlEntryPoint = "answer"
)

// localizer formats dates and numbers for Intl. The engine of the functions has no such thing; the package that has it wants
// a machine of its own kind, so there is one for all: it runs our script alone, and sees of a function only the JSON of
// what is to be formatted.
type localizer struct {
	mu    sync.Mutex
	vm    *quickjs.VM
	asked int
}

// ask answers a question of the part "intl", in JSON.
func (l *localizer) ask(question string) (answer string, err error) {
	if len(question) > mostIntlText {
		return "", errs.New(errs.TooLarge, "what Intl is asked to format has more than %d bytes", mostIntlText)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked++; l.asked > intlQuestions {
		l.close()
	}
	if l.vm == nil {
		if l.vm, err = newLocalizerVM(); err != nil {
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

func newLocalizerVM() (*quickjs.VM, error) {
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, err
	}
	vm.SetMemoryLimit(intlMemory)
	if err = intl.Register(vm); err == nil {
		_, err = vm.Eval(web.Localizer, quickjs.EvalGlobal)
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

// end is close for when nobody asks any more.
func (l *localizer) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
}

// close ends the machine; the next question makes another.
func (l *localizer) close() {
	if l.vm != nil {
		_ = l.vm.Close()
		l.vm, l.asked = nil, 0
	}
}
