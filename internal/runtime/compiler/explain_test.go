package compiler

import (
	"errors"
	"io"
	"testing"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// Go's garbage collector uses memory that it asked for but did not get. That crash looked like a bug in Fazt.
func TestACrashOfTheGarbageCollectorForLackOfMemoryIsAMemoryLimit(t *testing.T) {
	for said, want := range map[string]errs.Kind{
		"SIGSEGV: segmentation violation\nPC=0x43883d m=4 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x2b99 m=4 [idle]:\nruntime.(*spanQueue).tryDrain(0x400?)\n":                    errs.Unprocessable,
		"fatal error: unexpected signal during runtime execution\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x43883d]\n":                                    errs.Unprocessable,
		"panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]\n\ngoroutine 1 [running]:": errs.Internal,
	} {
		p := &process{limits: system.Runtime{CompileMemory: 64 << 20}, begun: true}
		if err := p.explain(nil, io.ErrUnexpectedEOF, errors.New("exit status 2"), said); !errs.Is(err, want) {
			t.Errorf("%.40q: %v", said, err)
		}
	}
}
