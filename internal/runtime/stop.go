package runtime

import (
	"errors"
	"strings"

	"fazt/internal/errs"
)

// Stop is a run that a limit ended.
type Stop struct {
	Function Function
	Limit    string // exec_timeout, max_memory, or abandoned: no limit ended it, and all it held was taken from it
	Err      error
}

// stopped tells of a run that a limit ended; errors of the script itself are no such thing.
func (e *Engine) stopped(f Function, err error) {
	if e.config.Stopped == nil {
		return
	}
	var t *thrown
	switch {
	case errors.Is(err, errDeadline):
		e.config.Stopped(Stop{f, "exec_timeout", err})
	case errors.As(err, &t) && strings.HasPrefix(t.Message, "InternalError: out of memory"):
		e.config.Stopped(Stop{f, "max_memory", errs.New(errs.StorageFull, "the function used all of its memory")})
	}
}
