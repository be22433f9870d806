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

// pieceSize is how much one call of Code returns at most, in bytes.
const pieceSize = 64 << 10

// Coder compresses or decompresses a stream that comes in pieces. What it was given it may keep.
type Coder interface {
	// Code takes input and gives up to pieceSize bytes of output; nil = it needs more input, or has ended when end was
	// said. Without input it goes on with what it has.
	Code(in []byte, end bool) ([]byte, error)
	// Close ends a coder before its end. It may be called more than once.
	Close()
}

// New returns a coder of a format: gzip, deflate or deflate-raw.
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

// decoder decompresses. The readers of Go pull, and streams push: the reader runs in a goroutine of its own, which is
// either at work or waits for Code, never both.
type decoder struct {
	in    chan []byte // what it may read; closed at the end
	out   chan piece
	quit  chan struct{}
	asked bool // it waits for in
	done  bool
}

// piece is output, or the news that there is none without more input.
type piece struct {
	data []byte
	more bool // it wants input
	err  error
}

var errNotCompressed = errors.New("the data is not compressed as it should be")

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
			err = nil // the next read tells whether that was the end
		}
		if n > 0 && !d.tell(piece{data: data[:n]}) {
			return
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
		if from.left() {
			err = errors.New("there is something after the end of the compressed data")
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

// tell hands a piece to Code; it returns false when the coder was closed.
func (d *decoder) tell(p piece) bool {
	select {
	case d.out <- p:
		return true
	case <-d.quit:
		return false
	}
}

// fed is what the reader reads: the input, asked for when it is needed. It is a ByteReader, so that the readers take not a
// byte more than they need.
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
				return nil, errs.Wrap(errs.Invalid, errors.Join(errNotCompressed, p.err), "the data is not compressed as it should be, or it was cut off")
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
