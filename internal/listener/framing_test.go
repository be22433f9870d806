package listener

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"fazt/internal/fazttest/wire"
)

// ends feeds b in pieces and returns after how many bytes each message ended, how many bytes passed, and the error if
// not all did.
func ends(b []byte, piece func(left int) int) (after []int, passed int, f *framing, fault error) {
	f = &framing{}
	done := 0
	for passed < len(b) {
		n := piece(len(b) - passed)
		m, err := f.pass(bytes.Clone(b[passed : passed+n]))
		passed += m
		if f.part == requestLine && f.heads > done && n == 1 {
			done = f.heads
			after = append(after, passed)
		}
		if err != nil {
			return after, passed, f, err
		}
	}
	return after, passed, f, nil
}

func byteByByte(int) int { return 1 }

func whole(left int) int { return left }

// asServed returns where net/http finds the ends of the messages, following the steps of its server.
func asServed(b []byte) (after []int, fault error) {
	source := bytes.NewReader(b)
	in := bufio.NewReaderSize(source, 4<<10)
	method := ""
	for {
		if method == "POST" {
			peek, _ := in.Peek(4)
			skip := 0
			for skip < len(peek) && (peek[skip] == '\r' || peek[skip] == '\n') {
				skip++
			}
			_, _ = in.Discard(skip)
		}
		r, err := http.ReadRequest(in)
		if err != nil {
			return after, err
		}
		method = r.Method
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return after, err
		}
		after = append(after, len(b)-source.Len()-in.Buffered())
	}
}

// What passes means the same however it is split, and the same to net/http.
func FuzzFraming(f *testing.F) {
	for _, s := range wire.Shapes() {
		f.Add([]byte(s.Text), uint64(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		after, passed, state, fault := ends(b, byteByByte)
		draw := rand.New(rand.NewPCG(seed, 1))
		for _, piece := range []func(int) int{whole, func(left int) int { return 1 + draw.IntN(left) }} {
			_, otherPassed, other, otherFault := ends(b, piece)
			if !errors.Is(fault, otherFault) || passed != otherPassed || state.heads != other.heads || state.part != other.part {
				t.Fatalf("byte by byte: %d bytes, %v, %d heads; in pieces: %d, %v, %d", passed, fault, state.heads, otherPassed, otherFault, other.heads)
			}
		}
		served, err := asServed(b[:passed])
		for i, end := range served {
			if i >= len(after) || after[i] != end {
				t.Fatalf("messages end at %v; for net/http at %v (%v)", after, served, err)
			}
		}
		if len(served) < len(after) && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			t.Fatalf("messages end at %v; net/http waits for more after %v", after, served)
		}
	})
}
