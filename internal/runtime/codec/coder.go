package codec

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"fazt/internal/errs"
)

// pieceSize is the maximum size of what one call of Code returns, in bytes.
const pieceSize = 64 << 10

// Coder compresses or decompresses a stream that comes in pieces. It may keep its input.
type Coder interface {
	// Code takes input and returns up to pieceSize bytes of output. nil means that it needs more input or, with end, that it
	// is done. Without input, it continues with what it has.
	Code(in []byte, end bool) ([]byte, error)
	// Close stops a coder early. It may be called more than once.
	Close()
}

// New returns a coder for a format: gzip, deflate or deflate-raw.
func New(format string, decode bool) Coder {
	if decode {
		return newDecoder(format)
	}
	return newEncoder(format)
}

// encoder compresses.
type encoder struct {
	out   bytes.Buffer
	to    io.WriteCloser
	ended bool
}

func newEncoder(format string) *encoder {
	e := &encoder{}
	switch format {
	case "gzip":
		e.to = gzip.NewWriter(&e.out)
	case "deflate":
		e.to = zlib.NewWriter(&e.out)
	default:
		e.to, _ = flate.NewWriter(&e.out, flate.DefaultCompression) // the level exists
	}
	return e
}

func (e *encoder) Code(in []byte, end bool) ([]byte, error) {
	if len(in) > 0 {
		if _, err := e.to.Write(in); err != nil {
			return nil, err
		}
	}
	if end && !e.ended {
		e.ended = true
		if err := e.to.Close(); err != nil {
			return nil, err
		}
	}
	if e.out.Len() == 0 {
		return nil, nil
	}
	return bytes.Clone(e.out.Next(pieceSize)), nil
}

func (e *encoder) Close() {}

// decoder decompresses. Go's readers pull, but streams push, so the reader runs in a separate goroutine. Either that or Code
// is running, never both.
type decoder struct {
	in    chan []byte // input for the reader; closed at the end
	out   chan piece
	quit  chan struct{}
	asked bool // the reader waits for in
	done  bool
}

// piece is output, or means that more input is needed first.
type piece struct {
	data []byte
	more bool // input is needed
	err  error
}

var errNotCompressed = errors.New("the data is not in the expected format")

func newDecoder(format string) *decoder {
	d := &decoder{in: make(chan []byte), out: make(chan piece), quit: make(chan struct{})}
	go d.run(format)
	return d
}

func (d *decoder) run(format string) {
	from := &fed{decoder: d}
	r, err := open(format, from)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	for err == nil {
		data := make([]byte, pieceSize)
		var n int
		if n, err = io.ReadFull(r, data); errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
			err = nil // the next read shows whether that was the end
		}
		if n > 0 && !d.tell(piece{data: data[:n]}) {
			return
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
		if from.left() {
			err = errors.New("there is more data after the end of the compressed data")
		}
	}
	d.tell(piece{err: err})
	close(d.out)
}

func open(format string, from io.Reader) (io.Reader, error) {
	switch format {
	case "gzip":
		r, err := gzip.NewReader(from)
		if err == nil {
			r.Multistream(false)
		}
		return r, err
	case "deflate":
		return zlib.NewReader(from)
	}
	return flate.NewReader(from), nil
}

// tell hands a piece to Code. It returns false if the coder was closed.
func (d *decoder) tell(p piece) bool {
	select {
	case d.out <- p:
		return true
	case <-d.quit:
		return false
	}
}

// fed is the input as the reader sees it; it is requested when needed. It is a ByteReader, so the decompressors read no byte
// more than they need.
type fed struct {
	*decoder
	rest []byte
	eof  bool
}

func (f *fed) fill() error {
	for len(f.rest) == 0 {
		if f.eof || !f.tell(piece{more: true}) {
			return io.EOF
		}
		select {
		case data, ok := <-f.in:
			f.rest, f.eof = data, !ok
		case <-f.quit:
			return io.EOF
		}
	}
	return nil
}

func (f *fed) Read(p []byte) (int, error) {
	if err := f.fill(); err != nil {
		return 0, err
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *fed) ReadByte() (byte, error) {
	if err := f.fill(); err != nil {
		return 0, err
	}
	b := f.rest[0]
	f.rest = f.rest[1:]
	return b, nil
}

// left reports whether there is input after the end of the data.
func (f *fed) left() bool { return f.fill() == nil }

func (d *decoder) Code(in []byte, end bool) ([]byte, error) {
	if d.done {
		return nil, nil
	}
	for {
		if d.asked {
			switch {
			case len(in) > 0:
				d.in <- bytes.Clone(in)
				in = nil
			case end:
				close(d.in)
			default:
				return nil, nil
			}
			d.asked = false
		}
		p := <-d.out
		switch {
		case p.more:
			d.asked = true
		case p.data != nil:
			return p.data, nil
		default:
			d.done = true
			if p.err != nil {
				return nil, errs.Wrap(errs.Invalid, errors.Join(errNotCompressed, p.err), "the compressed data is invalid, or was cut off")
			}
			return nil, nil
		}
	}
}

func (d *decoder) Close() {
	select {
	case <-d.quit:
	default:
		close(d.quit)
	}
}
