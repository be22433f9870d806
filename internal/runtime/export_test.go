package runtime

import (
	"time"

	"fazt/internal/quickjs"
	"fazt/internal/runtime/sched"
)

// Access to internals for tests of the package.

const (
	MaxAbandoned = maxAbandoned
	MaxWarm      = maxWarm
	WarmBytes    = warmBytes
)

var (
	ErrLeft  = errLeft
	IsCutOff = isCutOff
)

func (e *Engine) Config() *Config { return &e.config }

func (e *Engine) Processors() *sched.Processors { return e.cpu }

func (e *Engine) SetStuckAfter(d time.Duration) { e.stuckAfter = d }

func (e *Engine) SetCallsEnd(d time.Duration) { e.callsEnd = d }

func (e *Engine) Budget() { e.budget() }

func (e *Engine) DropIdle(before time.Time) { e.dropIdle(before) }

func (e *Engine) DropSpare(before time.Time) { e.dropSpare(before) }

// HeldMemory returns how much all VMs hold, including what is reserved for them.
func (e *Engine) HeldMemory() int64 { return e.memory.held.Load() }

// IdleVMs returns the idle VMs of a deployment.
func (e *Engine) IdleVMs(deployment string) []*VM {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.pools[deployment]; p != nil {
		return p.idle
	}
	return nil
}

// CountVMs returns the number of VMs in total and by app; -1 if two counts differ.
func (e *Engine) CountVMs() (all int, byApp map[string]int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	byApp = map[string]int{}
	for _, p := range e.pools {
		byApp[p.app] += p.count
		all += p.count
	}
	for app, n := range byApp {
		if n != e.vmsByApp[app] {
			byApp[app] = -1
		}
	}
	if all != e.vms {
		all = -1
	}
	return all, byApp
}

// EndTime makes the time of all invocations that have a VM run out.
func (e *Engine) EndTime() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for vm := range e.busy {
		vm.ArmCPU(1)
	}
}

// Saved returns what the VM's memory is restored to between scripts.
func (vm *VM) Saved() *quickjs.Saved { return vm.template.saved }

// MaxMemory returns the limit that the VM was made with.
func (vm *VM) MaxMemory() int64 { return vm.maxMemory }

// Served returns how many events the VM has served.
func (vm *VM) Served() int { return vm.served }

// ReplacePart makes load provide a part of the web-standard API, and reports whether there is such a part.
func (e *Engine) ReplacePart(name string, load func() ([]byte, error)) bool {
	_, ok := e.parts[name]
	e.parts[name] = load
	return ok
}
