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

// Sure asks whether to go on with something that takes away. what is the deed, facts what it means; the person types
// word. Without a terminal, only --yes is an answer.
func (c *CLI) Sure(yes bool, what, facts, word string) error {
	if yes {
		return nil
	}
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return Usagef("%s: %s; without a terminal it needs --yes", what, facts)
	}
	fmt.Fprintf(c.Stderr, "%s: %s.\nType %s to go on: ", strings.ToUpper(what[:1])+what[1:], facts, word)
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if strings.TrimSpace(typed) != word {
		return errs.New(errs.Canceled, "nothing was changed")
	}
	return nil
}

// mostInput bounds what is read of a pipe or a file; the instance has tighter bounds and says so.
const mostInput = 1 << 20

// ReadMost reads a pipe or a file to its end, up to 1 MiB.
func ReadMost(r io.Reader) (string, error) {
	text, err := limitio.ReadAll(r, mostInput)
	if errors.Is(err, limitio.ErrTooLong) {
		err = errs.New(errs.TooLarge, "it is longer than %d bytes", mostInput)
	}
	return string(text), err
}

// Secret reads a line without showing it.
func (c *CLI) Secret(terminal *os.File, prompt string) (string, error) {
	fmt.Fprint(c.Stderr, prompt)
	text, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(c.Stderr)
	return string(text), errs.Wrap(errs.Invalid, err, "the password cannot be read")
}
