package devserver

import (
	"os"
	"os/exec"
	"strconv"
)

// shell returns a process for a command line.
func shell(line string) *exec.Cmd { return exec.Command("cmd", "/C", line) }

// terminate ends a process and those that it started; they cannot be asked.
func terminate(p *os.Process) {
	_ = exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(p.Pid)).Run()
}

// kill ends a process.
func kill(p *os.Process) { _ = p.Kill() }
