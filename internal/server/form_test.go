package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// A form whose announced size exceeds what may be read whole, or sent at all, is refused before any of it arrives; a
// form of unknown size as soon as it exceeds that.
func TestFormsOverTheLimitsAreRefused(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.MaxRequestBody, l.Storage.MaxUpload = 1<<20, 2<<20 }))
	i.Deploy("module", "-- api/main.js --\nexport default async (request) => { const form = await request.formData(); return new Response('read ' + [...form].length); };\n")
	i.Deploy("classic", "-- api/main.js --\nrespond('read ' + Object.keys(request.body).length + Object.keys(request.files).length);\n")
	for _, app := range []string{"module", "classic"} {
		for _, kind := range []string{"multipart/form-data; boundary=b", "application/x-www-form-urlencoded"} {
			for _, size := range []int{1<<20 + 1, 2<<20 + 1, 1 << 40} {
				if got := announce(t, i, app, fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", kind, size), ""); got.StatusCode != http.StatusRequestEntityTooLarge || !got.Close {
					t.Errorf("%s: %s of %d bytes: %d", app, kind, size, got.StatusCode)
				}
			}
			// Its end is never sent, so the response cannot have waited for it.
			part := "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n" + strings.Repeat("x", 1<<20)
			chunks := fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
			if got := announce(t, i, app, "Content-Type: "+kind+"\r\nTransfer-Encoding: chunked\r\n", chunks); got.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %s without a size: %d", app, kind, got.StatusCode)
			}
		}
		form := "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n"
		if got := announce(t, i, app, fmt.Sprintf("Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n", len(form)), form); got.StatusCode != 200 {
			t.Errorf("%s: a small form: %d", app, got.StatusCode)
		}
	}
}

// announce sends the head of a request and some of its body, and reads the response.
func announce(t *testing.T, i *fazttest.Instance, app, headers, body string) *http.Response {
	t.Helper()
	c, err := net.Dial("tcp", i.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	fmt.Fprintf(c, "POST /api/x HTTP/1.1\r\nHost: %s.%s\r\n%s\r\n%s", app, i.Settings().Domain, headers, body)
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	return r
}
