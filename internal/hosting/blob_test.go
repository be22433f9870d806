package hosting

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"testing"
)

// file deploys one file and returns it.
func (b *bench) file(data []byte) File {
	b.Helper()
	d := b.deploy(testApp, folder{"f": data})
	files, err := b.Files(context.Background(), d.ID)
	if err != nil {
		b.Fatal(err)
	}
	return files[0]
}

// slowUnderRace skips a test of large contents under the race detector (-short); tests of small ones race the same
// code.
func slowUnderRace(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("short: large contents")
	}
}

// Receiving and reading a file take the memory of one chunk.
func TestLargeFilesStreamInConstantMemory(t *testing.T) {
	slowUnderRace(t)
	b := open(t)
	data := noise("large", 64<<20)
	f := folder{"film.mp4": data}
	u := b.begin(testApp, f.plan())
	stream := f.stream(u.Missing)
	in := allocated(func() {
		if _, err := b.Receive(t.Context(), u.ID, bytes.NewReader(stream)); err != nil {
			t.Fatal(err)
		}
	})
	d, err := b.commit(testApp, u.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := b.Files(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	out := allocated(func() {
		if n, err := b.blobs.Open(t.Context(), files[0].Blob, files[0].Size).WriteTo(io.Discard); err != nil || n != 64<<20 {
			t.Fatal(n, err)
		}
	})
	t.Logf("allocated %d KB receiving, %d KB reading", in>>10, out>>10)
	if in > 16<<20 || out > 2<<20 {
		t.Errorf("64 MB took %d bytes of memory to receive and %d to read", in, out)
	}
}

// allocated returns how much memory fn allocated in total, freed or not.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
