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

// confine takes away what the process does not need: with shut, the ability to open files and sockets. The system does not
// limit memory here; the process checks its own use.
func confine(_ int64, shut bool) {
	set := func(what int, limit uint64) { _ = unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}) }
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_FSIZE, 0)
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5) // it shares the processors with a server
	closeInherited()
	if shut {
		time.Sleep(time.Microsecond) // the first timer makes the runtime open the files it needs for timers
		set(unix.RLIMIT_NOFILE, 0)
	}
}
