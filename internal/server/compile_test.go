package server_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"fazt/internal/auth"
	"fazt/internal/fazttest"
	"fazt/internal/system"
)

// held is a function that cannot be read until release is closed.
type held struct{ wanted, release chan struct{} }

func (h held) Exists(path string) bool { return path == "api/main.js" }

func (h held) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if !h.Exists(path) {
		return nil, fs.ErrNotExist
	}
	select {
	case h.wanted <- struct{}{}:
	default:
	}
	select {
	case <-h.release:
		return []byte("respond(1)"), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A key that deployed several apps at once used to take every slot, so deploys with other keys had to wait.
func TestEachKeyCompilesOneFunctionAtATime(t *testing.T) {
	i := fazttest.New(t, fazttest.Limit(func(l *system.Limits) { l.Runtime.Compiles = 2 }))
	as := func(key string) context.Context {
		return auth.With(t.Context(), auth.Principal{Kind: auth.Key, ID: key})
	}
	slow := held{make(chan struct{}, 1), make(chan struct{})}
	ended := make(chan error, 2)
	for _, app := range []string{"app_1", "app_2"} {
		go func() {
			_, err := i.Compile(as("key_slow"), app, slow)
			ended <- err
		}()
	}
	<-slow.wanted
	select {
	case <-slow.wanted:
		t.Error("one key compiles two functions at once")
	case <-time.After(300 * time.Millisecond): // the other never starts, however long this waits
	}
	free := held{make(chan struct{}, 1), make(chan struct{})}
	close(free.release)
	ctx, cancel := context.WithTimeout(as("key_other"), time.Minute)
	defer cancel()
	if _, err := i.Compile(ctx, "app_3", free); err != nil {
		t.Errorf("a deploy with another key: %v", err)
	}
	close(slow.release)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
