package runtime

import (
	"errors"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// Stop is an invocation that a limit ended.
type Stop struct {
	Function Function
	Limit    string // exec_timeout, cpu_time, max_memory, or abandoned: nothing ended it, and all it held was taken from it
	Err      error
	Final    bool // its deployment gets no more runs
}

// reportStop tells of an invocation that a limit ended; errors of the script itself are no such thing.
func (e *Engine) reportStop(f Function, err error) {
	if e.config.Stopped == nil {
		return
	}
	var t *quickjs.Thrown
	switch {
	case errors.Is(err, quickjs.ErrDeadline):
		e.config.Stopped(Stop{Function: f, Limit: "exec_timeout", Err: err})
	case errors.Is(err, quickjs.ErrProcessorTime):
		e.config.Stopped(Stop{Function: f, Limit: "cpu_time", Err: err})
	case errors.As(err, &t) && strings.HasPrefix(t.Message, "InternalError: out of memory"):
		e.config.Stopped(Stop{Function: f, Limit: "max_memory", Err: errs.New(errs.StorageFull, "the function used all of its memory")})
	}
}
