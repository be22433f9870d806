package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Names of the files in the bare handler's folder: Fazt's response bodies, byte for byte.
const (
	plainFile = "app.css"
	gzipFile  = "app.css.gz"
	zstdFile  = "app.css.zst"
	helloFile = "hello.json"
)

// serveBare is the ceiling for all comparisons: net/http writing bytes from memory, and nothing else.
func serveBare(ctx context.Context, folder, addr string) error {
	plain, err := os.ReadFile(filepath.Join(folder, plainFile))
	if err != nil {
		return err
	}
	gzip, err := os.ReadFile(filepath.Join(folder, gzipFile))
	if err != nil {
		return err
	}
	zstd, err := os.ReadFile(filepath.Join(folder, zstdFile))
	if err != nil {
		return err
	}
	hello, err := os.ReadFile(filepath.Join(folder, helloFile))
	if err != nil {
		return err
	}

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			send(w, "application/json", "", hello)
			return
		}
		switch encoding := r.Header.Get("Accept-Encoding"); encoding {
		case "gzip":
			send(w, "text/css; charset=utf-8", encoding, gzip)
		case "zstd":
			send(w, "text/css; charset=utf-8", encoding, zstd)
		default:
			send(w, "text/css; charset=utf-8", "", plain)
		}
	})
	server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	closed := context.AfterFunc(ctx, func() { server.Close() })
	defer closed()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// send sets the length: without it, net/http would send a body of this size in chunks, which is more work.
func send(w http.ResponseWriter, kind, encoding string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	w.Write(body)
}
