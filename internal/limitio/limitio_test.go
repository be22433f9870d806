package limitio

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

func TestMax(t *testing.T) {
	over := errors.New("over")
	for _, c := range []struct {
		text string
		max  int64
		want string
		err  error
	}{
		{"", 0, "", nil}, {"", 3, "", nil}, {"abc", 3, "abc", nil}, {"ab", 3, "ab", nil}, {"abcd", 3, "abc", over}, {"a", 0, "", over}, {"a", -1, "", over},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)), iotest.DataErrReader(strings.NewReader(c.text))} {
			got, err := io.ReadAll(Max(r, c.max, over))
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("%d bytes of %q: %q, %v; want %q, %v", c.max, c.text, got, err, c.want, c.err)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(Max(iotest.ErrReader(broken), 0, over)); !errors.Is(err, broken) {
		t.Errorf("a source that fails at its bound: %v", err)
	}
}

func TestReadAll(t *testing.T) {
	if got, err := ReadAll(strings.NewReader("abc"), 3); string(got) != "abc" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ReadAll(strings.NewReader("abcd"), 3); got != nil || !errors.Is(err, ErrTooLong) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCounters(t *testing.T) {
	var n atomic.Int64
	_, _ = io.ReadAll(Counter{strings.NewReader("abc"), &n})
	_, _ = io.ReadAll(Counter{strings.NewReader("de"), &n})
	if n.Load() != 5 {
		t.Errorf("%d bytes were read", n.Load())
	}
	var written CountWriter
	if k, err := io.WriteString(&written, "abc"); k != 3 || err != nil || written != 3 {
		t.Errorf("%d, %v, %d in all", k, err, written)
	}
}

func TestSourceRecordsItsError(t *testing.T) {
	broken := errors.New("broken")
	s := &Source{R: iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("abc")))}
	if _, err := io.ReadAll(s); !errors.Is(err, s.Err) || s.Err == nil {
		t.Errorf("%v, remembered %v", err, s.Err)
	}
	s = &Source{R: strings.NewReader("abc")}
	if _, err := io.ReadAll(s); err != nil || s.Err != nil {
		t.Errorf("the end is not a failure: %v, %v", err, s.Err)
	}
	s = &Source{R: iotest.ErrReader(broken)}
	if _, _ = io.ReadAll(s); !errors.Is(s.Err, broken) {
		t.Error(s.Err)
	}
}

func TestHead(t *testing.T) {
	h := &Head{Max: 5}
	for _, piece := range []string{"abc", "def", "ghi"} {
		if n, err := io.WriteString(h, piece); n != 3 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if h.String() != "abcde" || string(h.Bytes()) != "abcde" {
		t.Errorf("%q", h)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""}, {"abc", -1, ""}, {"", 2, ""},
		{"aé", 2, "a"}, {"aé", 3, "aé"}, {"日本", 5, "日"}, {"日本", 3, "日"}, {"日本", 2, ""}, {"a\xff\xff", 2, "a\xff"}, {"\x80\x80", 1, ""},
	} {
		if got := Cut(c.text, c.n); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}
