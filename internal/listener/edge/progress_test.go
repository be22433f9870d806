package edge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fazt/internal/system"
)

// connection of a test: it notes the deadlines that are set and the sizes of what is written.
type noted struct {
	*httptest.ResponseRecorder
	began   time.Time
	reads   []string // deadlines, as the time from the beginning; "none" = removed
	writes  []string
	sizes   []int
	flushes int
	fail    error // of every write
}

func (n *noted) since(at time.Time) string {
	if at.IsZero() {
		return "none"
	}
	return at.Sub(n.began).String()
}

func (n *noted) SetReadDeadline(at time.Time) error {
	n.reads = append(n.reads, n.since(at))
	return nil
}

func (n *noted) SetWriteDeadline(at time.Time) error {
	n.writes = append(n.writes, n.since(at))
	return nil
}

func (n *noted) Write(p []byte) (int, error) {
	if n.fail != nil {
		return 0, n.fail
	}
	n.sizes = append(n.sizes, len(p))
	return n.ResponseRecorder.Write(p)
}

func (n *noted) Flush() { n.flushes++ }

// passed runs a handler behind Progress, with 10 s to read and 8 s to write.
func passed(t *testing.T, body io.Reader, fn http.HandlerFunc) *noted {
	t.Helper()
	n := &noted{ResponseRecorder: httptest.NewRecorder(), began: time.Now()}
	r := httptest.NewRequest(http.MethodPost, "/", body)
	Progress(fn, system.NewLive(system.Limits{HTTP: system.HTTP{ReadTimeout: 10_000, WriteTimeout: 8_000}})).ServeHTTP(n, r)
	return n
}

// in runs a table in a bubble of its own time.
func in(t *testing.T, tests map[string]func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, test)
		})
	}
}

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestEveryReadOfABodyGetsItsOwnTime(t *testing.T) {
	in(t, map[string]func(t *testing.T){
		"read to the end": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(_ http.ResponseWriter, r *http.Request) {
				for range 2 {
					time.Sleep(3 * time.Second)
					_, _ = io.ReadFull(r.Body, make([]byte, 1))
				}
				time.Sleep(3 * time.Second)
				if rest, err := io.ReadAll(r.Body); err != nil || string(rest) != "c" {
					t.Errorf("%q %v", rest, err)
				}
			})
			// At the end the deadline goes: a function may compute for longer, and net/http notices if the client leaves.
			want(t, "reads", n.reads, "10s", "13s", "16s", "19s", "19s", "none")
		},
		"read in part": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadFull(r.Body, make([]byte, 1))
				time.Sleep(time.Second)
			})
			want(t, "reads", n.reads, "10s", "10s", "1.5s") // the rest is waited for only briefly
		},
		"not read": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(http.ResponseWriter, *http.Request) {})
			want(t, "reads", n.reads, "10s", "500ms")
		},
		"no body": func(t *testing.T) {
			n := passed(t, http.NoBody, func(_ http.ResponseWriter, r *http.Request) {
				if r.Body != http.NoBody {
					t.Errorf("the body is %T", r.Body)
				}
			})
			want(t, "reads", n.reads)
		},
		"with an end": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(_ http.ResponseWriter, r *http.Request) {
				r.Body.(interface{ EndBy(time.Time) }).EndBy(time.Now().Add(12 * time.Second))
				for range 2 {
					_, _ = io.ReadFull(r.Body, make([]byte, 1))
					time.Sleep(3 * time.Second)
				}
			})
			want(t, "reads", n.reads, "10s", "10s", "12s", "6.5s")
		},
	})
}

// If the client still sends what nobody reads, the response must not wait for it.
func TestAResponseDoesNotWaitForABodyThatIsNotRead(t *testing.T) {
	in(t, map[string]func(t *testing.T){
		"a status before the body is read": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
			want(t, "reads", n.reads, "10s", "500ms", "500ms")
		},
		"a text before the body is read": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "no") })
			want(t, "reads", n.reads, "10s", "500ms", "500ms")
		},
		"a flush before the body is read": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() })
			want(t, "reads", n.reads, "10s", "500ms", "500ms")
			if n.flushes != 1 {
				t.Errorf("%d flushes", n.flushes)
			}
		},
		"a preliminary status": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusEarlyHints)
				_, _ = io.ReadAll(r.Body)
			})
			want(t, "reads", n.reads, "10s", "10s", "10s", "none")
		},
		"a status while the body is read": func(t *testing.T) {
			n := passed(t, strings.NewReader("abc"), func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadFull(r.Body, make([]byte, 1))
				w.WriteHeader(http.StatusOK)
				_, _ = io.ReadAll(r.Body)
			})
			want(t, "reads", n.reads, "10s", "10s", "10s", "10s", "none")
		},
	})
}

func TestALongResponseIsSentInPiecesWithTheirOwnTime(t *testing.T) {
	in(t, map[string]func(t *testing.T){
		"sizes": func(t *testing.T) {
			for length, sizes := range map[int][]int{
				0: {0}, 1: {1}, piece: {piece}, piece + 1: {piece, 1}, 3 * piece: {piece, piece, piece}, 3*piece - 1: {piece, piece, piece - 1},
			} {
				data := bytes.Repeat([]byte("x"), length)
				n := passed(t, http.NoBody, func(w http.ResponseWriter, _ *http.Request) {
					if n, err := w.Write(data); n != length || err != nil {
						t.Errorf("%d of %d bytes, %v", n, length, err)
					}
				})
				if !slices.Equal(n.sizes, sizes) || n.Body.Len() != length {
					t.Errorf("%d bytes are written as %v, want %v", length, n.sizes, sizes)
				}
			}
		},
		"deadlines": func(t *testing.T) { // a new one if an eighth of the old one has passed: a second
			n := passed(t, http.NoBody, func(w http.ResponseWriter, _ *http.Request) {
				for _, pause := range []time.Duration{0, time.Second, 1, time.Second, 2 * time.Second} {
					time.Sleep(pause)
					_, _ = io.WriteString(w, "x")
				}
				time.Sleep(2 * time.Second)
				_ = http.NewResponseController(w).Flush()
			})
			want(t, "writes", n.writes, "9.000000001s", "12.000000001s", "14.000000001s")
		},
		"an error": func(t *testing.T) {
			gone := errors.New("the client is gone")
			n := &noted{ResponseRecorder: httptest.NewRecorder(), fail: gone}
			w := &writer{ResponseWriter: n, control: http.NewResponseController(n), wait: time.Second, moved: time.Now()}
			for _, length := range []int{1, piece, piece + 1, 5 * piece} {
				if n, err := w.Write(make([]byte, length)); n != 0 || !errors.Is(err, gone) {
					t.Errorf("%d bytes: %d were written, %v", length, n, err)
				}
			}
		},
	})
}

// The messages of net/http are about broken clients, which must not fill the log.
func TestMessagesOfTheServerAreForDebugging(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level]string{slog.LevelInfo: "", slog.LevelDebug: "level=DEBUG msg=http message=\"http: a message 1\"\n"} {
		var out bytes.Buffer
		logger := logAdapter(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		logger.Print(fmt.Sprint("http: a message ", 1))
		if out.String() != want {
			t.Errorf("%s: %q, want %q", level, out.String(), want)
		}
	}
}
