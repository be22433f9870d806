package op

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"fazt/internal/errs"
)

// Stream is a response that goes out while it comes into being, as it is and without an envelope. An error before the
// first byte is an ordinary error; after it the connection is cut, so that a stream that ends well is complete.
type Stream struct {
	// Write produces the stream on the server, and returns when it has ended or its reader is gone.
	Write func(w io.Writer) error
	Live  bool  // it is of events, and every Write goes out at once
	Size  int64 // bytes; -1 = not known

	// Body is the stream on the client, who must close it.
	Body io.ReadCloser
}

// WriteStream writes the response of an operation that went well so far. begun says whether anything went out: an
// error from before that can still be sent as one.
func (s Spec) WriteStream(w http.ResponseWriter, stream Stream) (begun bool, err error) {
	h := w.Header()
	h.Set("Content-Type", s.Media)
	// Proxies pass it on as it comes, and as it is: nginx would keep it until it has a page full.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	// It may be an app's own page: on the admin host no browser may take it for one of the product.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if stream.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(stream.Size, 10))
	}
	out := &streamWriter{w: w}
	if stream.Live {
		out.control = http.NewResponseController(w)
		if _, err := out.Write(Heartbeat()); err != nil { // the reader learns now that it is connected
			return true, err
		}
	}
	if err := stream.Write(out); err != nil {
		if !out.begun {
			for _, name := range []string{"Content-Length", "Content-Disposition", "Content-Security-Policy"} {
				h.Del(name)
			}
		}
		return out.begun, err
	}
	return true, nil
}

type streamWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController // nil = not live
	begun   bool
}

func (s *streamWriter) Write(p []byte) (int, error) {
	s.begun = true
	n, err := s.w.Write(p)
	if err == nil && s.control != nil {
		err = s.flush()
	}
	return n, err
}

func (s *streamWriter) flush() error {
	s.begun = true
	return s.control.Flush()
}

// decodeStream takes a response that is a stream.
func (s Spec) decodeStream(resp *http.Response) (Stream, error) {
	want, _, _ := mime.ParseMediaType(s.Media)
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != want {
		resp.Body.Close()
		return Stream{}, errs.New(errs.Unsupported, "the answer cannot be read; the server may be another version of Fazt")
	}
	return Stream{Size: resp.ContentLength, Body: &streamBody{ReadCloser: resp.Body}}, nil
}

// streamBody says in a sentence that a stream broke.
type streamBody struct{ io.ReadCloser }

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && errs.KindOf(err) == errs.Internal {
		err = errs.Wrap(errs.Unavailable, err, "the answer was cut off; try again")
	}
	return n, err
}
