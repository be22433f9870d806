package listener

import (
	"net"
	"os"
	"os/exec"

	"fazt/internal/errs"
)

// duplicate fails: processes do not inherit sockets on Windows.
func duplicate(net.Listener) (int, error) { return 0, errs.New(errs.Unsupported, "not on Windows") }

// Replace starts the program as another process, which opens the addresses again. The caller ends this one.
func (k *Kept) Replace(program string, args, env []string) error {
	next := exec.Command(program, args[1:]...)
	next.Env, next.Stdin, next.Stdout, next.Stderr = k.environ(env), os.Stdin, os.Stdout, os.Stderr
	return errs.Wrap(errs.Internal, next.Start(), "%s could not replace this process", program)
}
