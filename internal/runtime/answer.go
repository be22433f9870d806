package runtime

import (
	"net/http"
	"sync/atomic"
	"time"

	"fazt/internal/quickjs"
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

// responseFuncs take the response of the function, or its failure.
func responseFuncs() hostTable {
	return hostTable{
		"respond": during(func(inv *Invocation, a args) (quickjs.Value, error) {
			resp := response{status: int(a.number(0)), headers: a.text(1)}
			if quickjs.IsString(a.value(3)) {
				resp.contentType = a.text(3)
			}
			ok, err := a.vm.realm.View(a.value(2), func(body []byte, text bool) error { return inv.respond(resp, body, text) })
			if !ok {
				err = inv.respond(resp, nil, false)
			}
			return quickjs.Undefined(), err
		}),
		"fail": notice(func(inv *Invocation, a args) {
			if inv.failed == nil && !inv.responded {
				inv.failed = a.vm.realm.Describe(a.value(0))
			}
		}),
		"waiting": notice(func(inv *Invocation, a args) { inv.waitUntil = int(a.number(0)) }),
	}
}
