package static

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"

	"fazt/internal/content"
	"fazt/internal/limitio"
)

// file is a page in the form in which it is sent: in memory, or streamed from the database.
type file struct {
	*page
	variant *content.Variant // nil = uncompressed
	data    []byte
	stream  *content.Reader // nil = data holds the content
	etag    []string
	length  []string
}

// openSound opens f and reads its beginning, so that damage is found before the response starts. If a variant is
// damaged, the uncompressed content is sent instead.
func (s *Server) openSound(r *http.Request, f *file) error {
	err := s.open(r.Context(), f)
	if whole := r.Method != http.MethodHead && len(r.Header["Range"]) == 0; err == nil && whole {
		err = f.begin(0)
	}
	if err == nil || f.variant == nil {
		return err
	}
	f.variant, f.stream = nil, nil
	return s.openSound(r, f)
}

// begin moves a stream and reads its first chunk.
func (f *file) begin(at int64) error {
	if f.stream == nil {
		return nil
	}
	if _, err := f.stream.Seek(at, io.SeekStart); err != nil {
		return err
	}
	return f.stream.Begin()
}

// open finds the content of f.
func (s *Server) open(ctx context.Context, f *file) error {
	key, blob, size := content.Key{Hash: f.Hash}, f.Blob, f.Size
	if f.variant != nil {
		key.Encoding, blob, size = f.variant.Encoding, f.variant.Blob, f.variant.Size
	}
	if !s.cache.keeps(size) {
		f.stream = s.content.OpenShared(ctx, s.shared, key, blob, size)
		if err := f.stream.Begin(); err != nil { // while an error can still be sent
			return err
		}
		f.etag = []string{etag(key.Hash, key.Encoding)}
		f.length = []string{strconv.FormatInt(size, 10)}
		return nil
	}
	b, ok := s.cache.bodies.GetIfPresent(key)
	if ok {
		s.hits.Add(1)
	} else {
		s.misses.Add(1)
		var err error
		if b, err = s.load(ctx, key, blob, size); err != nil {
			return err
		}
	}
	f.data, f.etag, f.length = b.data, b.etag, b.length
	return nil
}

func (s *Server) load(ctx context.Context, key content.Key, blob, size int64) (*body, error) {
	return s.cache.loadBody(ctx, key, func(ctx context.Context) ([]byte, error) { return s.content.ReadAll(ctx, blob, size) })
}

func (f *file) size() int64 {
	if f.variant != nil {
		return f.variant.Size
	}
	return f.Size
}

func (f *file) writeTo(w io.Writer) error {
	if f.stream != nil {
		_, err := f.stream.WriteTo(w)
		return err
	}
	_, err := w.Write(f.data)
	return err
}

func (f *file) writeRange(w io.Writer, r byteRange) error {
	if f.stream == nil {
		_, err := w.Write(f.data[r.start : r.start+r.length])
		return err
	}
	if _, err := f.stream.Seek(r.start, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(w, f.stream, r.length)
	return err
}

// writeRanges sends several ranges as multipart/byteranges, in the order of the request.
func (f *file) writeRanges(w http.ResponseWriter, ranges []byteRange) error {
	contentType := w.Header()["Content-Type"]
	part := func(r byteRange) textproto.MIMEHeader {
		return textproto.MIMEHeader{"Content-Type": contentType, "Content-Range": {r.contentRange(f.size())}}
	}
	// The length is that of the frame, written once to count it, and of the ranges.
	var head limitio.CountWriter
	frame := multipart.NewWriter(&head)
	for _, r := range ranges {
		_, _ = frame.CreatePart(part(r))
		head += limitio.CountWriter(r.length)
	}
	_ = frame.Close()

	out := multipart.NewWriter(w)
	_ = out.SetBoundary(frame.Boundary())
	h := w.Header()
	h["Content-Type"] = []string{"multipart/byteranges; boundary=" + frame.Boundary()}
	h["Content-Length"] = []string{strconv.FormatInt(int64(head), 10)}
	w.WriteHeader(http.StatusPartialContent)
	for _, r := range ranges {
		p, err := out.CreatePart(part(r))
		if err != nil {
			return err
		}
		if err := f.writeRange(p, r); err != nil {
			return err
		}
	}
	return out.Close()
}
