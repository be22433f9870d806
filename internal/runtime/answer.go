package runtime

import (
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/share"
)

// freely is how large an answer may be that is sent without asking: the sockets hold as much.
const freeResponse = 16 << 10

// heldResponse is an answer that may wait for its visitor to read it. Its invocation holds nothing else any more.
type heldResponse struct {
	w    http.ResponseWriter
	part *share.Part
	cut  atomic.Bool // it gave way to others
}

// acquire takes memory for an answer of inv of so many bytes before there is a copy of it. It waits a moment for some, without a
// processor, and says whether there is.
func (b *heldResponse) acquire(inv *Invocation, size int64) bool {
	if size <= freeResponse {
		return true
	}
	take := func() bool {
		b.part = inv.engine.buffers.Take(inv.fn.holder(), size, inv.limits.BufferMemory, b.giveWay)
		return b.part != nil
	}
	if take() {
		return true
	}
	if size <= inv.limits.BufferMemory && inv.pause(func() bool { return inv.engine.buffers.Within(inv.ctx, waitForRoom, take) }) {
		return true
	}
	inv.engine.crowded.Add(1)
	return false
}

func (b *heldResponse) gaveWay() bool { return b != nil && b.cut.Load() }

func (b *heldResponse) release() {
	if b != nil {
		b.part.Release()
	}
}

func (b *heldResponse) giveWay() {
	b.cut.Store(true)
	_ = http.NewResponseController(b.w).SetWriteDeadline(time.Now())
}

// write sends the body. The visitor may leave, or be cut off; the function is not told.
func (b *heldResponse) write(body []byte) {
	for len(body) > 0 && !b.cut.Load() {
		n, err := b.w.Write(body[:min(len(body), inMemory)])
		if err != nil {
			return
		}
		body = body[n:]
	}
}
