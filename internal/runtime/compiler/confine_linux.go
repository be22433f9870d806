package compiler

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// attributes are those of the process to be: it ends with its parent, however that ends.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// program is this program as it runs, also after another was put in its place.
func program() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return self, nil
	}
	return os.Executable()
}

func environment() []string { return []string{"GOTRACEBACK=single"} }

// confine takes from the process what it does not need: memory beyond a bound, and where shut is set, the ability to open
// files and sockets. What it cannot take, it leaves: the bounds that it sets itself remain.
func confine(memory int64, shut bool) {
	// Where a container has no memory left the system ends this process, and not the server.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// It works alongside a server, on the same processors.
	_, _, _ = syscall.AllThreadsSyscall(syscall.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 5)
	set := func(what int, most uint64) { _ = unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}) }
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_FSIZE, 0)
	if !raced { // whose detector maps far more than it uses
		// Memory that can be written, which leaves out what Go reserves.
		set(unix.RLIMIT_DATA, uint64(memory))
	}
	closeInherited()
	if shut {
		time.Sleep(time.Microsecond) // the runtime opens what it needs for timers with the first
		// No number is left for another file. Those that are open stay so.
		set(unix.RLIMIT_NOFILE, 0)
	}
}
