package httpfn

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/share"
)

// response is what a function wants to send. It is written when the invocation holds neither a VM nor a processor, so a slow
// visitor holds up nothing else.
type response struct {
	status               int
	headers, contentType string // name and value lines in turn; the type where it is the only header
	body                 []byte
	streamed             bool // the body follows in pieces
}

// maxHeaders bounds the headers of a response, names and values together, in bytes.
const maxHeaders = 128 << 10

// check makes the response one that the function may send, and returns what it left out because it would hurt another app, the
// owner's session or the connection. It relies on nothing that the prelude has checked: a script can replace what that
// checks with.
func (a *response) check(body []byte) (left header.Removed, err error) {
	if a.status < 200 || a.status > 599 {
		return nil, errs.New(errs.Invalid, "invalid response status %d; it must be from 200 to 599", a.status)
	}
	if len(a.headers) > maxHeaders {
		return nil, errs.New(errs.TooLarge, "the response headers have %d bytes; the limit is %d", len(a.headers), maxHeaders)
	}
	if header.IsBodyless(a.status) && len(body) > 0 {
		left.Note("the body", "a response with status "+strconv.Itoa(a.status)+" has none")
	}
	if a.headers != "" {
		a.headers = left.Filter(a.headers, a.streamed, len(a.body))
	}
	return left, nil
}

// freeResponse is the size up to which a response is sent without asking for memory: the sockets hold as much.
const freeResponse = 16 << 10

// heldResponse holds the memory of a response that waits for its visitor to read it.
type heldResponse struct {
	w    http.ResponseWriter
	part *share.Part
	cut  atomic.Bool // it gave way to others
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

// write sends the body. If the visitor leaves or is cut off, the function is not told.
func (b *heldResponse) write(body []byte) {
	for len(body) > 0 && !b.cut.Load() {
		n, err := b.w.Write(body[:min(len(body), inMemory)])
		if err != nil {
			return
		}
		body = body[n:]
	}
}
