package runtime

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

const (
	// A compressor keeps up to a megabyte that no limit of a VM counts: so many may be open in one request, and so
	// many in all.
	maxCoders, maxCodersInAll = 8, 64
	// coderPiece is how much one call gives.
	coderPiece = 64 << 10
)

// coderFuncs compress and decompress streams.
func coderFuncs() hostTable {
	return hostTable{
		"coder": promised(func(inv *Invocation, a args) (int32, error) { return inv.newCoder(a.text(0), a.flag(1)) }),
		"code": during(func(inv *Invocation, a args) (quickjs.Value, error) {
			out, err := inv.code(a.id(0), a.data(1), a.flag(2))
			if err != nil || out == nil {
				return quickjs.Undefined(), err
			}
			return a.vm.realm.NewBytes(out), nil
		}),
		"endCoder": notice(func(inv *Invocation, a args) { inv.endCoder(a.id(0)) }),
	}
}

// newCoder opens a coder for the invocation.
func (inv *Invocation) newCoder(format string, decode bool) (int32, error) {
	if len(inv.coders) >= maxCoders {
		return 0, errs.New(errs.Unavailable, "more than %d streams of this request are being compressed", maxCoders)
	}
	if inv.engine.coders.Add(1) > maxCodersInAll {
		inv.engine.coders.Add(-1)
		return 0, errs.New(errs.Unavailable, "too many streams are being compressed; try again")
	}
	if inv.coders == nil {
		inv.coders = map[int32]coder{}
	}
	inv.nextID++
	inv.coders[inv.nextID] = newCoder(format, decode)
	return inv.nextID, nil
}

// code gives the next piece, nil when there is none. A coder that has ended is closed.
func (inv *Invocation) code(id int32, in []byte, end bool) ([]byte, error) {
	c, ok := inv.coders[id]
	if !ok {
		return nil, errs.New(errs.Invalid, "this stream has ended")
	}
	out, err := c.code(in, end)
	if err != nil || out == nil && end {
		inv.endCoder(id)
	}
	return out, err
}

func (inv *Invocation) endCoder(id int32) {
	if c, ok := inv.coders[id]; ok {
		c.close()
		delete(inv.coders, id)
		inv.engine.coders.Add(-1)
	}
}

// endCoders ends what an invocation left open.
func (inv *Invocation) endCoders() {
	for id := range inv.coders {
		inv.endCoder(id)
	}
}

// coder compresses or decompresses a stream that comes in pieces. What it was given it may keep.
type coder interface {
	// code takes input and gives up to coderPiece bytes of output; nil = it needs more input, or has ended when end was
	// said. Without input it goes on with what it has.
	code(in []byte, end bool) ([]byte, error)
	close()
}

func newCoder(format string, decode bool) coder {
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

func (e *encoder) code(in []byte, end bool) ([]byte, error) {
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
	return bytes.Clone(e.out.Next(coderPiece)), nil
}

func (e *encoder) close() {}

// decoder decompresses. The readers of Go pull, and streams push: the reader runs in a goroutine of its own, which is
// either at work or waits for code, never both.
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
		data := make([]byte, coderPiece)
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

// tell hands a piece to code; it returns false when the coder was closed.
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

func (d *decoder) code(in []byte, end bool) ([]byte, error) {
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

func (d *decoder) close() {
	select {
	case <-d.quit:
	default:
		close(d.quit)
	}
}
