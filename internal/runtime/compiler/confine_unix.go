//go:build unix && !linux

package compiler

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attributes are those of the process to be. It ends when its standard input does, which is with its parent.
func attributes() *syscall.SysProcAttr { return nil }

func program() (string, error) { return os.Executable() }

func environment() []string { return []string{"GOTRACEBACK=single"} }

// confine takes from the process what it does not need: where shut is set, the ability to open files and sockets. Memory
// has no bound of the system here; the process looks at its own.
func confine(_ int64, shut bool) {
	set := func(what int, most uint64) { _ = unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}) }
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_FSIZE, 0)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5) // it works alongside a server, on the same processors
	closeInherited()
	if shut {
		time.Sleep(time.Microsecond) // the runtime opens what it needs for timers with the first
		set(unix.RLIMIT_NOFILE, 0)
	}
}
