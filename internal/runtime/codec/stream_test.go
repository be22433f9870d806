package codec

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"fazt/internal/errs"
)

var formats = []string{"gzip", "deflate", "deflate-raw"}

// noise returns bytes that no format makes smaller.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2)) // the same bytes in every run
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// through passes data through a coder in pieces of step bytes, and returns everything it puts out.
func through(t *testing.T, c Coder, data []byte, step int) ([]byte, error) {
	t.Helper()
	defer c.Close()
	var all []byte
	for {
		n := min(step, len(data))
		end := n == len(data)
		in := bytes.Clone(data[:n])
		data = data[n:]
		for {
			out, err := c.Code(in, end)
			if len(out) > pieceSize {
				t.Errorf("a piece of %d bytes", len(out))
			}
			if err != nil {
				return all, err
			}
			if out == nil {
				break
			}
			all, in = append(all, out...), nil
		}
		if end {
			return all, nil
		}
	}
}

// reader is Go's own decompressor of a format.
func reader(t *testing.T, format string, r io.Reader) io.Reader {
	t.Helper()
	var err error
	switch format {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	default:
		r = flate.NewReader(r)
	}
	if err != nil {
		t.Fatal(format, err)
	}
	return r
}

func TestWhatIsCompressedIsDecompressed(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		for name, data := range map[string][]byte{
			"nothing": {}, "a byte": {0}, "text": []byte(strings.Repeat("hello ", 1000)), "noise": noise(5000),
			"a piece": noise(pieceSize), "a byte more than a piece": noise(pieceSize + 1), "zeros": make([]byte, 10*pieceSize),
		} {
			for _, step := range []int{len(data)/3 + 1, len(data) + 1} {
				packed, err := through(t, New(format, false), data, step)
				if err != nil || len(packed) == 0 {
					t.Fatalf("%s, %s in pieces of %d: %d bytes, %v", format, name, step, len(packed), err)
				}
				if got, err := io.ReadAll(reader(t, format, bytes.NewReader(packed))); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, %s in pieces of %d: another program reads %d bytes, %v", format, name, step, len(got), err)
				}
				if got, err := through(t, New(format, true), packed, step); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, %s in pieces of %d: %d bytes come back, %v", format, name, step, len(got), err)
				}
			}
			if packed, err := through(t, New(format, false), data[:min(len(data), 100)], 1); err != nil || len(packed) == 0 {
				t.Errorf("%s, %s byte by byte: %d bytes, %v", format, name, len(packed), err)
			} else if got, err := through(t, New(format, true), packed, 1); err != nil || !bytes.Equal(got, data[:min(len(data), 100)]) {
				t.Errorf("%s, %s byte by byte: %d bytes come back, %v", format, name, len(got), err)
			}
		}
	}
}

// A response that was cut off must not look complete, and neither must one with something behind it (Compression standard).
func TestInvalidCompressedDataIsAnError(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		good, err := through(t, New(format, false), []byte(strings.Repeat("hello ", 100)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		second, err := through(t, New(format, false), []byte("second"), 1000)
		if err != nil {
			t.Fatal(err)
		}
		bad := map[string][]byte{
			"nothing":         {},
			"the first byte":  good[:1],
			"half":            good[:len(good)/2],
			"all but a byte":  good[:len(good)-1],
			"a byte too many": append(bytes.Clone(good), 0),
			"two of them":     append(bytes.Clone(good), second...),
			"a text":          []byte("\xffhello, this is not compressed"),
		}
		if format != "deflate-raw" { // which has no checksum
			wrong := bytes.Clone(good)
			wrong[len(wrong)-5] ^= 1
			bad["a wrong checksum"] = wrong
			header := bytes.Clone(good)
			header[0] ^= 1
			bad["a wrong header"] = header
		}
		for name, data := range bad {
			for _, step := range []int{1, 7, len(data) + 1} {
				_, err := through(t, New(format, true), data, step)
				if !errs.Is(err, errs.Invalid) || !errors.Is(err, errNotCompressed) || errs.Sentence(err) != "the compressed data is invalid, or was cut off" {
					t.Errorf("%s, %s in pieces of %d: %v", format, name, step, err)
				}
			}
		}
	}
}

func TestACoderThatIsDoneOrClosedGivesNothingMore(t *testing.T) {
	t.Parallel()
	for _, format := range formats {
		e := New(format, false)
		first, err := e.Code([]byte("x"), true)
		if err != nil || len(first) == 0 {
			t.Fatal(format, err)
		}
		if more, err := e.Code(nil, true); more != nil || err != nil {
			t.Errorf("%s: after the end, %q %v", format, more, err)
		}
		e.Close()
		e.Close()

		d := New(format, true)
		got, err := d.Code(first, true)
		if err != nil || string(got) != "x" {
			t.Errorf("%s: %q %v", format, got, err)
		}
		for range 2 {
			if more, err := d.Code(nil, true); more != nil || err != nil {
				t.Errorf("%s: after the end, %q %v", format, more, err)
			}
		}
		d.Close()

		early := New(format, true)
		if out, err := early.Code(first[:1], false); out != nil || err != nil {
			t.Errorf("%s: %q %v of half a header", format, out, err)
		}
		early.Close()
		early.Close()
	}
}

// A caller may use its memory again at once.
func TestTheInputIsNotKept(t *testing.T) {
	t.Parallel()
	packed, err := through(t, New("gzip", false), []byte("hello"), 10)
	if err != nil {
		t.Fatal(err)
	}
	d := New("gzip", true)
	defer d.Close()
	var all []byte
	for i := range packed {
		one := []byte{packed[i]}
		out, err := d.Code(one, i == len(packed)-1)
		if err != nil {
			t.Fatal(err)
		}
		one[0] = 0xff
		all = append(all, out...)
	}
	for {
		out, err := d.Code(nil, true)
		if err != nil {
			t.Fatal(err)
		}
		if out == nil {
			break
		}
		all = append(all, out...)
	}
	if string(all) != "hello" {
		t.Errorf("%q", all)
	}
}

// 10 MB of zeros take 10 KB. The reader must not have to hold all of it at once.
func TestAPieceOfOutputHasABound(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	const size = 10 << 20
	_, _ = w.Write(make([]byte, size))
	_ = w.Close()
	d := New("gzip", true)
	defer d.Close()
	total, in := 0, packed.Bytes()
	for {
		out, err := d.Code(in, true)
		if err != nil {
			t.Fatal(err)
		}
		if out == nil {
			break
		}
		if len(out) > pieceSize {
			t.Fatalf("a piece of %d bytes", len(out))
		}
		total, in = total+len(out), nil
	}
	if total != size {
		t.Errorf("%d of %d bytes", total, size)
	}
}
