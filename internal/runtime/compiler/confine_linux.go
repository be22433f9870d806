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

// confine takes away what the process does not need: memory beyond a limit and, with shut, the ability to open files and
// sockets. A restriction that cannot be applied is skipped: the process also enforces limits itself.
func confine(memory int64, shut bool) {
	// If a container runs out of memory, the system kills this process instead of the server.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// It shares the processors with a server.
	_, _, _ = syscall.AllThreadsSyscall(syscall.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, 5)
	set := func(what int, limit uint64) { _ = unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}) }
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_FSIZE, 0)
	if !withC { // C libraries map far more than they use: a stack of 8 MB for each thread
		// This counts only writable memory, so not what Go has merely reserved.
		set(unix.RLIMIT_DATA, uint64(memory))
	}
	closeInherited()
	if shut {
		time.Sleep(time.Microsecond) // the first timer makes the runtime open the files it needs for timers
		// No further file can be opened. Those that are open stay open.
		set(unix.RLIMIT_NOFILE, 0)
	}
}
