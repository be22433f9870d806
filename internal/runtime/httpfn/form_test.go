package httpfn

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzForm(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"%22\"\r\n\r\nx\r\n--b--\r\n"))
	f.Add("multipart/form-data; boundary=b", []byte("--b\r\n\r\n--b--"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		parts, err := readForm(contentType, bytes.NewReader(body))
		if err != nil && !errors.Is(err, errNoForm) {
			t.Fatal(err)
		}
		size := 0
		for _, p := range parts {
			size += len(p.data)
		}
		if size > len(body) || len(parts) > maxParts {
			t.Fatalf("%d parts with %d bytes of %d", len(parts), size, len(body))
		}
	})
}
