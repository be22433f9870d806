package listener

import (
	"net"
	"os"
	"strconv"
	"strings"

	"fazt/internal/errs"
)

// A server that replaces itself with a fresh process hands its listening sockets over. They stay open, so clients that connect
// in the meantime wait in the kernel's queue and none is refused.

// HandedVariable is the environment variable with the sockets that were handed over: "address=descriptor", one per line.
const HandedVariable = "FAZT_SOCKETS"

// Handed has the sockets that the previous process handed over.
type Handed struct{ files map[string][]*os.File }

// ReadHanded opens the sockets in the value of HandedVariable.
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

// take returns the listener that was handed over for an address, or nil.
func (h *Handed) take(address string) (net.Listener, error) {
	if h == nil || len(h.files[address]) == 0 {
		return nil, nil // none is not an error
	}
	file := h.files[address][0]
	h.files[address] = h.files[address][1:]
	defer file.Close()
	l, err := net.FileListener(file)
	return l, errs.Wrap(errs.Internal, err, "the socket of %s was not handed over: %v", address, err)
}

// Close closes the sockets that were not taken.
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

// Kept has sockets that outlive their listeners, for the next process.
type Kept struct{ lines []string }

// Keep keeps the socket of the listener for address open when the listener is closed.
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

// environ returns env with the sockets.
func (k *Kept) environ(env []string) []string {
	var with []string
	for _, entry := range env {
		if !strings.HasPrefix(entry, HandedVariable+"=") {
			with = append(with, entry)
		}
	}
	return append(with, HandedVariable+"="+strings.Join(k.lines, "\n"))
}
