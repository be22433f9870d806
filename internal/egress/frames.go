package egress

import (
	"bufio"
	"encoding/binary"
	"io"
)

// The frames of HTTP/2 (RFC 9113 §6) that are told apart here.
const (
	frameData         = 0
	frameHeaders      = 1
	framePriority     = 2
	frameReset        = 3
	frameSettings     = 4
	framePush         = 5
	framePing         = 6
	frameGoAway       = 7
	frameWindow       = 8
	frameContinuation = 9

	flagPadded = 8

	longestFrame = 64 << 10 // what is announced; most servers send 16 KiB at most whatever was announced
	longestWord  = 16 << 10 // of a frame about the connection
)

// frames is what a server sends in HTTP/2, frame by frame. What the protocol ignores goes no further, frames that belong to no open
// call end the connection, and each is paid for: so a flood of any kind ends before HTTP works it off.
type frames struct {
	wire   *wire
	from   *bufio.Reader
	out    []byte // to be given before what follows
	left   int    // of a payload that is given as it comes
	err    error
	buffer [9 + longestWord]byte

	// Of the call; the wire's lock is held.
	stream  uint32 // its number: calls come one after the other, and each opens one stream
	refused bool   // the server said that it did not look at the request
	leaving bool   // it takes no more streams
}

func newFrames(w *wire, from io.Reader) *frames {
	return &frames{wire: w, from: bufio.NewReaderSize(from, 16<<10)}
}

// begin takes the next stream.
func (f *frames) begin() {
	f.refused = false
	if f.stream == 0 {
		f.stream = 1
		return
	}
	f.stream += 2
}

func (f *frames) Read(p []byte) (int, error) {
	for {
		switch {
		case len(p) == 0:
			return 0, nil
		case len(f.out) > 0:
			n := copy(p, f.out)
			f.out = f.out[n:]
			return n, nil
		case f.left > 0:
			n, err := f.from.Read(p[:min(len(p), f.left)])
			f.left -= n
			return n, err
		case f.err != nil:
			return 0, f.err
		}
		f.err = f.next()
	}
}

// next reads the head of a frame, and all of it where that is judged.
func (f *frames) next() error {
	head := f.buffer[:9]
	if _, err := io.ReadFull(f.from, head); err != nil {
		return err
	}
	size := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	kind, stream := head[3], binary.BigEndian.Uint32(head[5:])&(1<<31-1)
	padding := 0
	if kind == frameData && head[4]&flagPadded != 0 && size > 0 {
		length, err := f.from.Peek(1)
		if err != nil {
			return err
		}
		padding = min(1+int(length[0]), size)
	}
	if err := f.admit(kind, stream, size, padding); err != nil {
		return err
	}
	switch kind {
	case frameData, frameHeaders, frameContinuation:
		f.out, f.left = head, size
		return nil
	case frameReset, frameSettings, framePing, frameGoAway, frameWindow:
		whole := f.buffer[:9+size]
		if _, err := io.ReadFull(f.from, whole[9:]); err != nil {
			return err
		}
		f.note(kind, stream, whole[9:])
		f.out = whole
		return nil
	}
	_, err := f.from.Discard(size) // PRIORITY, ALTSVC, ORIGIN and what nobody knows mean nothing to us (RFC 9113 §5.5)
	return err
}

// admit judges a frame by its head, and pays for it.
func (f *frames) admit(kind byte, stream uint32, size, padding int) error {
	w := f.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case frameData, frameHeaders, frameContinuation:
		switch {
		case w.idle || stream != f.stream:
			w.fail("it sent an answer that was not asked for")
		case size > longestFrame:
			w.fail("it sent a frame that is too long")
		}
	case framePush:
		w.fail("it pushes an answer, which it was told not to")
	case frameReset, frameSettings, framePing, frameGoAway, frameWindow:
		if size > longestWord {
			w.fail("it sent a frame that is too long")
		}
	}
	cost := int64(9 + size)
	switch kind {
	case frameData:
		cost = int64(9 + padding)
		w.earn(int64(size - padding))
	case frameSettings, framePing:
		cost += perAnswer
	}
	w.spend(cost)
	if w.fault != nil {
		return w.fault
	}
	return nil
}

// note keeps what a server says of streams it did not begin to look at.
func (f *frames) note(kind byte, stream uint32, payload []byte) {
	w := f.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case kind == frameReset && len(payload) >= 4 && stream == f.stream:
		f.refused = f.refused || binary.BigEndian.Uint32(payload) == 7 // REFUSED_STREAM
	case kind == frameGoAway && len(payload) >= 8:
		f.leaving = true
		f.refused = f.refused || binary.BigEndian.Uint32(payload)&(1<<31-1) < f.stream
	}
}
