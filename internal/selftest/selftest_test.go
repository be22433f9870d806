package selftest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fazt/internal/errs"
)

func TestAResponseIsReadToItsEnd(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))
	for _, want := range []bool{true, false} {
		if good, err := answer(in); good != want || err != nil {
			t.Errorf("%v, %v; want %v", good, err, want)
		}
	}
	if _, err := answer(in); err == nil {
		t.Error("a response without a length was taken")
	}
}

func TestEveryWayIsMeasured(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
	defer s.Close()
	m, err := Measure(t.Context(), s.Listener.Addr().String(), 200*time.Millisecond)
	if err != nil || m.Reads < 1 || m.Functions < 1 || m.Writes < 1 || m.Mixed < 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestAnInstanceThatIsNotThereIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := Measure(t.Context(), l.Addr().String(), time.Second); !errs.Is(err, errs.Unavailable) {
		t.Errorf("%v", err)
	}
}

func TestADeployThatIsRefusedIsAnErrorWithItsReason(t *testing.T) {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no room", http.StatusInsufficientStorage) })
	if err := Deploy(context.Background(), refuse); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("%v", err)
	}
}
