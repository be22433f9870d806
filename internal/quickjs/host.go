package quickjs

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"fazt/internal/quickjs/engine"
)

// host is what the engine's module imports. It has no files and no clock but the real one; functions of the host do not
// go this way (see function.go).
type host struct{ m *engine.Module }

const (
	wasiOK    = 0
	wasiBadFD = 8
)

func (h *host) Xclock_time_get(_ int32, _ int64, at int32) int32 {
	binary.LittleEndian.PutUint64(h.m.Bytes()[uint32(at):], uint64(time.Now().UnixNano()))
	return wasiOK
}

func (h *host) Xrandom_get(at, n int32) int32 {
	b := h.m.Bytes()[uint32(at):]
	_, _ = rand.Read(b[:uint32(n)])
	return wasiOK
}

func (h *host) Xfd_close(int32) int32                      { return wasiBadFD }
func (h *host) Xfd_fdstat_get(_, _ int32) int32            { return wasiBadFD }
func (h *host) Xfd_seek(int32, int64, int32, int32) int32  { return wasiBadFD }
func (h *host) Xfd_write(_, _, _, _ int32) int32           { return wasiBadFD }
func (h *host) Xhost_get_timezone_offset(_, _ int32) int32 { return 0 } // functions live in UTC
func (h *host) Xhost_call(_, _, _, _, _ int32) int32       { return 0 }
func (h *host) Xhost_interrupt() int32                     { return 0 }
func (h *host) Xhost_module_load(_, _ int32) int32         { return 0 }
func (h *host) Xhost_module_normalize(_, _ int32) int32    { return 0 }
func (h *host) Xhost_promise_rejection(_, _, _ int32)      {}
