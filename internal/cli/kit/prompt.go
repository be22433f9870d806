package kit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"fazt/internal/errs"
	"fazt/internal/limitio"
)

// Sure asks before something is removed. what is the action, facts its consequences; the user types word to confirm.
// Without a terminal, --yes is required.
func (c *CLI) Sure(yes bool, what, facts, word string) error {
	if yes {
		return nil
	}
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return Usagef("%s: %s; without a terminal it needs --yes", what, facts)
	}
	fmt.Fprintf(c.Stderr, "%s: %s.\nType %s to continue: ", strings.ToUpper(what[:1])+what[1:], facts, word)
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(typed) != word {
		return errs.New(errs.Canceled, "nothing was changed")
	}
	return nil
}

// maxInput bounds what is read of a pipe or a file; the limits of the instance are tighter.
const maxInput = 1 << 20

// ReadInput reads a pipe or a file to its end. what names it in an error: "the value of KEY".
func ReadInput(r io.Reader, what string) (string, error) {
	text, err := limitio.ReadAll(r, maxInput)
	if errors.Is(err, limitio.ErrTooLong) {
		return "", errs.Wrap(errs.TooLarge, err, "%s is longer than 1 MiB", what)
	}
	return string(text), errs.Wrap(errs.Invalid, err, "%s cannot be read", what)
}

// Secret reads a line without showing it.
func (c *CLI) Secret(terminal *os.File, prompt string) (string, error) {
	fmt.Fprint(c.Stderr, prompt)
	text, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(c.Stderr)
	return string(text), errs.Wrap(errs.Invalid, err, "the password cannot be read")
}
