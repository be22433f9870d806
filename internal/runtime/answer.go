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

// enter takes memory for the answer of u, and says whether there is some.
func (b *waiting) enter(u *run) bool {
	size := int64(len(u.answer.body))
	if size <= freely {
		return true
	}
	if b.part = u.engine.buffers.Take(u.f.holder(), size, u.limits.BufferMemory, b.giveWay); b.part == nil {
		u.engine.crowded.Add(1)
		return false
	}
	return true
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
