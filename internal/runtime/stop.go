package runtime

import (
	"errors"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// ErrStopped is the error of a deployment whose invocations had to be abandoned too often.
var ErrStopped = errs.New(errs.Unavailable, "the app was stopped, because its function kept running past its deadline several times; its owner can deploy a fixed version, or try again with `fazt app resume`")

var (
	// ErrCrowded ends an invocation that gives way because too much waits for visitors.
	ErrCrowded = &errs.Error{Kind: errs.Unavailable, Message: "too many clients are sending or reading slowly; try again", Retry: time.Second}
	// errLeft ends an invocation whose visitor left.
	errLeft = errs.New(errs.Canceled, "the visitor left")
	// errStreamTime ends an invocation whose response is still being sent when its time is over. It is not the script's fault.
	errStreamTime = errs.New(errs.Timeout, "the response was cut off: it was still being sent at its deadline (runtime.stream_timeout)")
)

// errStarved ends an invocation that got no memory because all VMs together had reached their limit.
var errStarved = &errs.Error{Kind: errs.Unavailable, Message: "not enough memory for the function right now; try again", Retry: time.Second}

// isCutOff reports whether an invocation ran out of time.
func isCutOff(err error) bool {
	return errors.Is(err, quickjs.ErrDeadline) || errors.Is(err, quickjs.ErrProcessorTime)
}

// reportStop reports an invocation that was ended by a limit, as opposed to an error of the script.
func (e *Engine) reportStop(f Function, err error) {
	if e.config.Stopped == nil {
		return
	}
	switch {
	case errors.Is(err, quickjs.ErrDeadline):
		e.config.Stopped(Stop{Function: f, Limit: "exec_timeout", Err: err})
	case errors.Is(err, quickjs.ErrProcessorTime):
		e.config.Stopped(Stop{Function: f, Limit: "cpu_time", Err: err})
	case quickjs.IsOutOfMemory(err):
		e.config.Stopped(Stop{Function: f, Limit: "max_memory", Err: errs.New(errs.StorageFull, "the function used all of its memory")})
	}
}
