package runtime

import (
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/share"
)

// freely is how large an answer may be that is sent without asking: the sockets hold as much.
const freely = 16 << 10

// waiting is an answer that may wait for its visitor to read it. Its run holds nothing else any more.
type waiting struct {
	w    http.ResponseWriter
	part *share.Part
	cut  atomic.Bool // it gave way to others
}

// enter takes memory for an answer of u of so many bytes before there is a copy of it. It waits a moment for some, without a
// processor, and says whether there is.
func (b *waiting) enter(u *run, size int64) bool {
	if size <= freely {
		return true
	}
	take := func() bool {
		b.part = u.engine.buffers.Take(u.f.holder(), size, u.limits.BufferMemory, b.giveWay)
		return b.part != nil
	}
	if take() {
		return true
	}
	if size <= u.limits.BufferMemory && u.pause(func() bool { return u.engine.buffers.Within(u.ctx, waitForRoom, take) }) {
		return true
	}
	u.engine.crowded.Add(1)
	return false
}

func (b *waiting) gaveWay() bool { return b != nil && b.cut.Load() }

func (b *waiting) release() {
	if b != nil {
		b.part.Release()
	}
}

func (b *waiting) giveWay() {
	b.cut.Store(true)
	_ = http.NewResponseController(b.w).SetWriteDeadline(time.Now())
}

// write sends the body. The visitor may leave, or be cut off; the function is not told.
func (b *waiting) write(body []byte) {
	for len(body) > 0 && !b.cut.Load() {
		n, err := b.w.Write(body[:min(len(body), inMemory)])
		if err != nil {
			return
		}
		body = body[n:]
	}
}
