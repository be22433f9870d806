// Package webapi declares the host functions behind the web-standard API: URLs, text encodings, compression, crypto.
package webapi

import (
	"maps"
	goruntime "runtime"
	"sync/atomic"

	"fazt/internal/runtime"
)

// api is what the invocations of one engine share.
type api struct {
	coders    atomic.Int64 // open ones
	caches    *caches
	computing chan struct{} // holds a token for each long computation alongside the VMs
}

// Table returns the functions for one engine. cacheMemory bounds what all caches hold, in bytes.
func Table(cacheMemory func() int64) runtime.Table { return newAPI(cacheMemory).table() }

func newAPI(cacheMemory func() int64) *api {
	return &api{caches: newCaches(cacheMemory), computing: make(chan struct{}, max(1, goruntime.GOMAXPROCS(0)/2))}
}

func (s *api) table() runtime.Table {
	all := runtime.Table{}
	for _, t := range []runtime.Table{urlFuncs(), bytesFuncs(), textFuncs(), s.coderFuncs(), s.cryptoFuncs(), s.caches.table()} {
		maps.Copy(all, t)
	}
	return all
}
