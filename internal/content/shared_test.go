package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

var errBroken = errors.New("connection reset by peer")

func TestAChunkIsLoadedOnceForConcurrentReaders(t *testing.T) {
	c := NewShared(func() int { return 2 })
	var loads atomic.Int64
	release := make(chan struct{})
	load := func(_ context.Context, buf []byte) ([]byte, error) {
		loads.Add(1)
		<-release
		return append(buf, "0123456789"...), nil
	}
	var all sync.WaitGroup
	for begin := range 10 {
		all.Go(func() {
			buf := make([]byte, 3)
			n, err := c.read(t.Context(), chunkKey{n: 1}, begin, buf, load)
			if want := "0123456789"[begin:min(begin+3, 10)]; err != nil || string(buf[:n]) != want {
				t.Errorf("%q, %v; want %q", buf[:n], err, want)
			}
		})
	}
	close(release)
	all.Wait()
	if loads.Load() != 1 {
		t.Errorf("%d loads", loads.Load())
	}
}

// The memory of a removed chunk is reused, but not while a reader copies from it.
func TestChunksInUseAreNotOverwritten(t *testing.T) {
	c := NewShared(func() int { return 2 })
	content := func(n int64) []byte { return bytes.Repeat([]byte{byte('a' + n)}, 1000) }
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			buf := make([]byte, 1000)
			for i := range 500 {
				n := int64((i*7 + worker*3) % 11)
				got, err := c.read(t.Context(), chunkKey{n: n}, 0, buf, func(_ context.Context, into []byte) ([]byte, error) {
					return append(into[:0], content(n)...), nil
				})
				if err != nil || !bytes.Equal(buf[:got], content(n)) {
					t.Errorf("chunk %d: %.10q %v", n, buf[:got], err)
					return
				}
			}
		})
	}
	all.Wait()
	if len(c.list) > 2 {
		t.Errorf("%d chunks are kept", len(c.list))
	}
}

func TestAChunkThatCannotBeLoadedIsTriedAgain(t *testing.T) {
	c := NewShared(func() int { return 2 })
	buf := make([]byte, 1)
	if _, err := c.read(t.Context(), chunkKey{}, 0, buf, func(context.Context, []byte) ([]byte, error) { return nil, errBroken }); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	n, err := c.read(t.Context(), chunkKey{}, 0, buf, func(context.Context, []byte) ([]byte, error) { return []byte("x"), nil })
	if err != nil || string(buf[:n]) != "x" {
		t.Error(fmt.Sprintf("%q", buf[:n]), err)
	}
}
