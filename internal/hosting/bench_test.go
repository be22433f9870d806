package hosting

import (
	"bytes"
	"fmt"
	"io"
	"testing"
)

// BenchmarkBeginUnchanged announces 1,000 files that are already live: the cost of a redeploy that changes nothing.
func BenchmarkBeginUnchanged(b *testing.B) {
	store := open(b)
	f := thousand(2 << 10)
	store.deploy(testApp, f)
	plan := f.plan()
	for b.Loop() {
		if u := store.begin(testApp, plan); u.Same == nil {
			b.Fatal("not the same")
		}
	}
}

// BenchmarkBeginOneChanged announces 1,000 files of which one is new content.
func BenchmarkBeginOneChanged(b *testing.B) {
	store := open(b)
	f := thousand(2 << 10)
	store.deploy(testApp, f)
	n := 0
	for b.Loop() {
		n++
		f["pages/000/index.html"] = fmt.Append(nil, "changed ", n)
		if u := store.begin(testApp, f.plan()); len(u.Missing) != 1 {
			b.Fatal(len(u.Missing))
		}
	}
}

// BenchmarkDeployThousand measures the stages of a whole deploy of 1,000 new files of 2 KB.
func BenchmarkDeployThousand(b *testing.B) {
	for _, stage := range []string{"begin", "receive", "compress", "commit"} {
		b.Run(stage, func(b *testing.B) {
			f := thousand(2 << 10)
			for b.Loop() {
				b.StopTimer()
				store := open(b)
				in := func(name string) {
					if name == stage {
						b.StartTimer()
					} else {
						b.StopTimer()
					}
				}
				in("begin")
				u := store.begin(testApp, f.plan())
				in("")
				stream := f.stream(u.Missing)
				in("receive")
				if _, err := store.Receive(b.Context(), u.ID, bytes.NewReader(stream)); err != nil {
					b.Fatal(err)
				}
				in("")
				ready, err := store.Ready(b.Context(), u.ID)
				if err != nil {
					b.Fatal(err)
				}
				in("compress")
				if err := store.Compress(b.Context(), ready.Files); err != nil {
					b.Fatal(err)
				}
				in("commit")
				if _, err := store.commit(testApp, u.ID, nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkReceiveLarge stores one file of 64 MB.
func BenchmarkReceiveLarge(b *testing.B) {
	data := noise("large", 64<<20)
	f := folder{"film.mp4": data}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		b.StopTimer()
		store := open(b)
		u := store.begin(testApp, f.plan())
		stream := f.stream(u.Missing)
		b.StartTimer()
		if _, err := store.Receive(b.Context(), u.ID, bytes.NewReader(stream)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadLarge streams one file of 64 MB.
func BenchmarkReadLarge(b *testing.B) {
	store := open(b)
	f := store.file(noise("large", 64<<20))
	b.SetBytes(f.Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.blobs.Open(b.Context(), f.Blob, f.Size).WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFiles lists a deployment of 1,000 files with their compressed forms.
func BenchmarkFiles(b *testing.B) {
	store := open(b)
	d := store.deploy(testApp, thousand(2<<10))
	for b.Loop() {
		if files, err := store.Files(b.Context(), d.ID); err != nil || len(files) != 1000 {
			b.Fatal(err)
		}
	}
}
