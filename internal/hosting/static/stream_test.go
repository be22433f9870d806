package static

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"fazt/internal/content"
)

// Visitors who do not read hold a piece of the file each, not a whole chunk.
func TestSlowReadersOfALargeFileHoldLittleMemory(t *testing.T) {
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
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > (content.MaxShared+2)<<20+visitors*2*64<<10 {
		t.Errorf("%d visitors hold %d bytes", visitors, grown)
	}
}
