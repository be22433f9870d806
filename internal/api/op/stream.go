package op

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"fazt/internal/errs"
)

// Stream is a response that is sent as it is produced, without an envelope. An error before the first byte is an ordinary
// error; after it the connection is cut, so a stream that ends normally is complete.
type Stream struct {
	// Write produces the stream on the server and returns when it has ended or its reader is gone.
	Write func(w io.Writer) error
	Live  bool  // a stream of events: every Write is sent at once
	Size  int64 // bytes; -1 = unknown

	// Body is the stream on the client, which must close it.
	Body io.ReadCloser
}

// WriteStream writes a stream as the response. begun reports whether anything was sent; if not, the error can still be
// sent as one.
func (s Spec) WriteStream(w http.ResponseWriter, stream Stream) (begun bool, err error) {
	h := w.Header()
	h.Set("Content-Type", s.Media)
	// Proxies must forward it unchanged and at once: nginx would hold it back until it has a full page.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	// It may be a page of an app: on the admin host no browser may render it as one of ours.
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	if stream.Size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(stream.Size, 10))
	}
	out := &streamWriter{w: w}
	if stream.Live {
		out.control = http.NewResponseController(w)
		if _, err := out.Write(Heartbeat()); err != nil { // tells the reader that it is connected
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

// decodeStream returns the stream of a response.
func (s Spec) decodeStream(resp *http.Response) (Stream, error) {
	want, _, _ := mime.ParseMediaType(s.Media)
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != want {
		resp.Body.Close()
		return Stream{}, errs.New(errs.Unsupported, "the response cannot be read; the server may be another version of Fazt")
	}
	return Stream{Size: resp.ContentLength, Body: &streamBody{ReadCloser: resp.Body}}, nil
}

// streamBody returns a sentence if the stream breaks.
type streamBody struct{ io.ReadCloser }

func (b *streamBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && errs.KindOf(err) == errs.Internal {
		err = errs.Wrap(errs.Unavailable, err, "the response was cut off; try again")
	}
	return n, err
}
