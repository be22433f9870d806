package server

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/errs"
)

// ready returns an error if the instance should get no requests.
func (i *Instance) ready(context.Context) error {
	r := i.running.Load()
	switch {
	case r == nil || r.ctx.Err() != nil:
		return errs.New(errs.Unavailable, "the server is stopping")
	case i.DB.Stats().Queued >= i.Limits.Storage().WriteQueue:
		return errs.New(errs.Unavailable, "the write queue is full")
	}
	return i.writable()
}

// health adds what only the running server knows, and the problems that need attention.
func (i *Instance) health(h *op.Health) {
	if r := i.running.Load(); r != nil {
		h.StartedAt = r.started
		h.UptimeSeconds = int64(time.Since(r.started).Seconds())
	}
	ofGo := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(ofGo)
	h.Memory = op.HealthMemory{Resident: resident(), Heap: int64(ofGo[0].Value.Uint64()), GoLimit: int64(ofGo[1].Value.Uint64()), Limit: i.Limits.Load().Hardware.TotalRAM}
	s := i.engine.Stats()
	h.Memory.Own, h.Memory.VMs, h.Memory.VMLimit = anonymous(), s.Memory, s.MaxMemory
	h.Memory.Cache = i.static.Stats().Bytes
	h.Runtime = op.HealthRuntime{
		Goroutines: runtime.NumGoroutine(), VMs: s.VMs, Busy: s.Busy, Waiting: s.Waiting,
		Runs: int64(s.Runs), Interrupted: int64(s.Interrupted), Abandoned: int64(s.Abandoned), Refused: int64(s.Refused), Parked: s.Parked, Crowded: int64(i.crowded()),
		LostCalls: i.Gate.Lost() + s.Left,
	}
	h.Dropped = op.HealthDropped{LogLines: int64(i.AppLog.Dropped()), Entries: int64(i.Activity.Dropped()), NetCalls: int64(i.NetLog.Dropped())}
	i.diskHealth(h)
	h.Damage = i.damage()
	h.Problems = append(h.Problems, diskProblems(h)...)
	h.Problems = append(h.Problems, i.problems(h)...)
}

// crowded returns how many bodies, responses and streams were cut off because too much waited for visitors.
func (i *Instance) crowded() uint64 {
	return i.engine.Stats().Crowded + i.functionServer.Stats().Crowded
}

// problems lists what needs attention.
func (i *Instance) problems(h *op.Health) []string {
	list := []string{}
	add := func(found bool, format string, args ...any) {
		if found {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	limit := i.Limits.Storage().WriteQueue
	add(h.Database.Queued > limit/2, "%d writes are waiting for the disk; at %d, new ones are refused", h.Database.Queued, limit)
	add(h.Runtime.Abandoned > 0, "%d function calls could not be stopped since the start and may still use processor time; `fazt server restart` ends them", h.Runtime.Abandoned)
	add(h.Runtime.LostCalls > 0, "%d calls of functions, mostly to other servers, are stuck; they hold memory until `fazt server restart`", h.Runtime.LostCalls)
	add(h.Memory.Limit > 0 && h.Memory.Resident > h.Memory.Limit*9/10, "more than 90 %% of the memory is in use; lower storage.max_vfs or runtime.vms")
	add(h.Runtime.Crowded > 0, "%d bodies, responses and streams of slow visitors were cut off since the start, because all of runtime.stream_memory, buffer_memory or buffer_disk was in use", h.Runtime.Crowded)
	add(h.Dropped.LogLines > 0, "%d console lines came faster than they could be stored", h.Dropped.LogLines)
	add(h.Dropped.NetCalls > 0, "%d outbound calls came faster than they could be logged; raise net.log_buffer", h.Dropped.NetCalls)
	list = append(list, h.Damage...)
	faults := i.Net.Faults()
	add(len(faults) > 0, "the secrets %s cannot be used: `fazt secret list` says why", strings.Join(faults, ", "))
	add(h.Dropped.Entries > 0, "%d entries of the activity log came faster than they could be stored", h.Dropped.Entries)
	return list
}

// anonymous returns how much of the resident memory belongs to the process alone and not to files; 0 if unknown.
func anonymous() int64 {
	resident, shared := statm()
	return resident - shared
}

// resident returns how much memory the process has; 0 if unknown. Go knows of less: VMs have memory of their own.
func resident() int64 {
	resident, _ := statm()
	return resident
}

// statm returns how much memory is resident, and how much of that is shared or belongs to files.
func statm() (resident, shared int64) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 3 {
		return 0, 0
	}
	page := int64(os.Getpagesize())
	resident, _ = strconv.ParseInt(fields[1], 10, 64)
	shared, _ = strconv.ParseInt(fields[2], 10, 64)
	return resident * page, shared * page
}
