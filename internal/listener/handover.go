package listener

import (
	"net"
	"os"
	"strconv"
	"strings"

	"fazt/internal/errs"
)

// A server that replaces itself by a fresh process hands it the sockets it listens on. They stay open all the time:
// who connects meanwhile waits in the system's queue, and nobody is refused.

// HandedVariable is the environment variable that names the sockets a process is handed: "address=descriptor", one a line.
const HandedVariable = "FAZT_SOCKETS"

// Handed are the sockets a process was handed by the one before it.
type Handed struct{ files map[string][]*os.File }

// ReadHanded takes up the sockets that the value of HandedVariable names; "" names none.
func ReadHanded(value string) (*Handed, error) {
	h := &Handed{map[string][]*os.File{}}
	for line := range strings.SplitSeq(value, "\n") {
		if line == "" {
			continue
		}
		i := strings.LastIndexByte(line, '=')
		fd, err := strconv.ParseUint(line[i+1:], 10, 16)
		if i < 0 || err != nil || fd < 3 {
			h.Close()
			return nil, errs.New(errs.Invalid, "%s is not a list of sockets; it is set only by a server that replaces itself", HandedVariable)
		}
		h.files[line[:i]] = append(h.files[line[:i]], os.NewFile(uintptr(fd), line[:i]))
	}
	return h, nil
}

// take is the listener that was handed for an address; nil = there is none.
func (h *Handed) take(address string) (net.Listener, error) {
	if h == nil || len(h.files[address]) == 0 {
		return nil, nil //nolint:nilnil // both are fine: there is none
	}
	file := h.files[address][0]
	h.files[address] = h.files[address][1:]
	defer file.Close()
	l, err := net.FileListener(file)
	return l, errs.Wrap(errs.Internal, err, "the socket of %s was not handed over: %v", address, err)
}

// Close closes those that nobody took.
func (h *Handed) Close() {
	if h == nil {
		return
	}
	for _, files := range h.files {
		for _, f := range files {
			f.Close()
		}
	}
	clear(h.files)
}

// Kept are sockets that outlive their listeners, for the process that follows.
type Kept struct{ lines []string }

// Keep keeps the socket of a listener that was made for address open when the listener is closed.
func (k *Kept) Keep(address string, l net.Listener) error {
	switch w := l.(type) {
	case *bounded:
		l = w.Listener
	case *socket:
		w.stays = true
		l = w.Listener
	}
	fd, err := duplicate(l)
	if err != nil {
		return errs.Wrap(errs.Unsupported, err, "the socket of %s cannot be handed over: %v", address, err)
	}
	k.lines = append(k.lines, address+"="+strconv.Itoa(fd))
	return nil
}

// environ is an environment that names the sockets.
func (k *Kept) environ(env []string) []string {
	var with []string
	for _, entry := range env {
		if !strings.HasPrefix(entry, HandedVariable+"=") {
			with = append(with, entry)
		}
	}
	return append(with, HandedVariable+"="+strings.Join(k.lines, "\n"))
}
