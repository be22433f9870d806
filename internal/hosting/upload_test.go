package hosting

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDeployAndReadBack(t *testing.T) {
	b := open(t)
	f := texts("index.html", "<h1>hello</h1>", "empty.txt", "", "copy/a.txt", "same", "copy/b.txt", "same")
	f["big.bin"] = noise("big", 3<<20+17)
	d := b.deploy(testApp, f)
	if d.Number != 1 || d.Files != 5 || d.Bytes != int64(14+0+4+4+3<<20+17) || !d.Live || d.AppID != testApp {
		t.Errorf("got %+v", d)
	}
	if diff := cmp.Diff(f, b.content(d)); diff != "" {
		t.Error(diff)
	}
	again, err := b.Live(context.Background(), testApp)
	if err != nil || again.ID != d.ID {
		t.Errorf("live: %+v, %v", again, err)
	}
	b.sound()
}

var _ = bytes.NewReader
