package httpfn

import (
	"maps"

	"fazt/internal/runtime"
)

// Table returns the host functions of requests, for the engine that serves them.
func Table() runtime.Table {
	all := runtime.Table{}
	for _, t := range []runtime.Table{responseFuncs(), streamFuncs(), bodyFuncs(), formFuncs()} {
		maps.Copy(all, t)
	}
	return all
}
