package transport

import (
	"bufio"
	"encoding/binary"
	"io"
)

// The types of HTTP/2 frames (RFC 9113 §6) that are told apart here.
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

	maxFrame        = 64 << 10 // announced to the server; most send at most 16 KiB whatever is announced
	maxControlFrame = 16 << 10 // of a frame about the connection
)

// frames reads HTTP/2 from a server, frame by frame. It drops frames that the protocol ignores, closes the connection at
// frames that belong to no open request, and counts every frame as overhead, so that a flood of any kind ends before HTTP
// has to process it.
type frames struct {
	wire   *wire
	from   *bufio.Reader
	out    []byte // returned before anything else
	left   int    // of a payload that is passed on as it arrives
	err    error
	buffer [9 + maxControlFrame]byte

	// Of the current request; guarded by the lock of the wire.
	stream  uint32 // its number; requests run one after another, and each opens one stream
	refused bool   // the server did not process the request
	leaving bool   // it accepts no more streams
}

func newFrames(w *wire, from io.Reader) *frames {
	return &frames{wire: w, from: bufio.NewReaderSize(from, 16<<10)}
}

// begin starts the next stream.
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

// next reads the header of a frame, and its payload if that matters here.
func (f *frames) next() error {
	header := f.buffer[:9]
	if _, err := io.ReadFull(f.from, header); err != nil {
		return err
	}
	size := int(header[0])<<16 | int(header[1])<<8 | int(header[2])
	kind, stream := header[3], binary.BigEndian.Uint32(header[5:])&(1<<31-1)
	padding := 0
	if kind == frameData && header[4]&flagPadded != 0 && size > 0 {
		length, err := f.from.Peek(1)
		if err != nil {
			return err
		}
		padding = min(1+int(length[0]), size)
	}
	if err := f.check(kind, stream, size, padding); err != nil {
		return err
	}
	switch kind {
	case frameData, frameHeaders, frameContinuation:
		f.out, f.left = header, size
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
	_, err := f.from.Discard(size) // PRIORITY, ALTSVC, ORIGIN and unknown types, which may be ignored (RFC 9113 §5.5)
	return err
}

// check checks a frame by its header, and counts it as overhead.
func (f *frames) check(kind byte, stream uint32, size, padding int) error {
	w := f.wire
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case frameData, frameHeaders, frameContinuation:
		switch {
		case w.idle || stream != f.stream:
			w.fail("it sent an unrequested response")
		case size > maxFrame:
			w.fail("it sent a frame that is too long")
		}
	case framePush:
		w.fail("it pushed a response although push is disabled")
	case frameReset, frameSettings, framePing, frameGoAway, frameWindow:
		if size > maxControlFrame {
			w.fail("it sent a frame that is too long")
		}
	}
	cost := int64(9 + size)
	switch kind {
	case frameData:
		cost = int64(9 + padding)
		w.earn(int64(size - padding))
	case frameSettings, framePing:
		cost += replyCost
	}
	w.spend(cost)
	if w.failure != nil {
		return w.failure
	}
	return nil
}

// note remembers which streams the server says it did not process.
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
