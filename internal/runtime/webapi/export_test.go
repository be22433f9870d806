package webapi

import "fazt/internal/runtime"

// Counted is Table with a count of the open coders.
func Counted() (t runtime.Table, coders func() int64) {
	s := newAPI(func() int64 { return 1 << 20 })
	return s.table(), s.coders.Load
}
