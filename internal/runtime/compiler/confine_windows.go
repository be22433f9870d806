package compiler

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// attributes are those of the process to be: it has no window. It ends when its standard input does, which is with its
// parent.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.BELOW_NORMAL_PRIORITY_CLASS}
}

func program() (string, error) { return os.Executable() }

// environment returns the minimum that Windows needs to start a program.
func environment() []string {
	return []string{"GOTRACEBACK=single", "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}
}

// confine puts the process alone into a job that limits its memory.
func confine(memory int64, _ bool) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return // the process also checks its memory itself
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{ProcessMemoryLimit: uintptr(memory)}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_PROCESS_MEMORY | windows.JOB_OBJECT_LIMIT_ACTIVE_PROCESS
	limits.BasicLimitInformation.ActiveProcessLimit = 1
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		return
	}
	_ = windows.AssignProcessToJobObject(job, windows.CurrentProcess()) // the job lasts as long as its handle, which is never closed
}
