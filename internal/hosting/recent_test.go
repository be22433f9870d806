package hosting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Visitors who do not read hold a piece of the file each, and not a chunk.
func TestManySlowReadersOfALargeFileHoldLittle(t *testing.T) {
	slowUnderRace(t)
	const visitors, size = 200, 3 << 20
	s := serve(t, folder{"film.mp4": noise("film", size)})
	s.ask("GET", "/film.mp4", "Range", "bytes=0-0")
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	var stuck, done sync.WaitGroup
	release := make(chan struct{})
	stuck.Add(visitors)
	for n := range visitors {
		done.Go(func() {
			w := &discard{header: http.Header{}}
			var once sync.Once
			got := 0
			w.wrote = func(p []byte) {
				if got += len(p); got > n*size/visitors {
					once.Do(func() {
						stuck.Done()
						<-release
					})
				}
			}
			r := httptest.NewRequest(http.MethodGet, "/film.mp4", nil)
			if err := s.static.Serve(w, r, View{Deployment: s.view.Deployment, Path: "/film.mp4"}); err != nil || got != size {
				t.Errorf("%d bytes, %v", got, err)
			}
		})
	}
	stuck.Wait()
	runtime.GC()
	runtime.ReadMemStats(&during)
	close(release)
	done.Wait()
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > (maxRecent+2)<<20+visitors*2*pieceSize {
		t.Errorf("%d visitors hold %d bytes", visitors, grown)
	}
}

func TestAChunkIsLoadedOnceForAllWhoAreAtIt(t *testing.T) {
	c := &recentChunks{max: func() int { return 2 }}
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

// The memory of a chunk that went is used again, but not while somebody copies out of it.
func TestChunksInUseAreNotOverwritten(t *testing.T) {
	c := &recentChunks{max: func() int { return 2 }}
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
	c := &recentChunks{max: func() int { return 2 }}
	buf := make([]byte, 1)
	if _, err := c.read(t.Context(), chunkKey{}, 0, buf, func(context.Context, []byte) ([]byte, error) { return nil, errBroken }); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	n, err := c.read(t.Context(), chunkKey{}, 0, buf, func(context.Context, []byte) ([]byte, error) { return []byte("x"), nil })
	if err != nil || string(buf[:n]) != "x" {
		t.Error(fmt.Sprintf("%q", buf[:n]), err)
	}
}
