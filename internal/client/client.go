// Package client runs operations on an instance, however it is reached: in this process if no server has the database
// open, through the unix socket next to the database if one does, or over HTTP or HTTPS if it is a peer. The call is
// the same; only the transport differs.
package client

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/id"
	"fazt/internal/listener"
)

// lockWait is how long a command waits for another command that holds the same database.
const lockWait = 10 * time.Second

// Client talks to one instance.
type Client struct {
	transport http.RoundTripper
	base      string
	close     func() error
	local     bool
	peer      *Peer // nil = the local instance
}

// Config locates the local instance.
type Config struct {
	Database string // the database file
	// Compose builds the control API of an instance in this process; it is called with the database lock held.
	Compose func(ctx context.Context, path string, lock *database.Lock) (api http.Handler, close func() error, err error)
}

// Open connects to the instance that Config names: through its socket if a server has the database open.
func Open(ctx context.Context, c Config) (*Client, error) {
	var err error
	if c.Database, err = database.Canonical(c.Database); err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for {
		if client, err := dialAny(wait, c.Database); err == nil || !noServer(err) {
			return client, err
		}
		// Nothing is listening on the socket: no server is running, or one is starting or stopping, or another command
		// briefly holds the lock.
		now, cancel := context.WithCancel(wait)
		cancel()
		lock, err := database.Acquire(now, c.Database)
		if err == nil {
			return inProcess(ctx, c, lock)
		}
		if !errs.Is(err, errs.Conflict) {
			return nil, err
		}
		if database.Unwritable(c.Database) != nil { // the server could not create its socket; reading needs none
			return inProcess(ctx, c, &database.Lock{})
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-wait.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, errs.Wrap(errs.Unavailable, err, "another fazt process has locked %s for %v and does not respond; is it stuck?", c.Database, lockWait)
		}
	}
}

// Answers reports whether a server of this machine has the database at path open.
func Answers(ctx context.Context, path string) bool {
	path, err := database.Canonical(path)
	if err != nil {
		return false
	}
	c, err := dialAny(ctx, path)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// noServer reports whether err means that nothing is listening on the socket.
func noServer(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

// dialAny connects to the server of the database at path through the first of its sockets that responds.
func dialAny(ctx context.Context, path string) (c *Client, err error) {
	for _, socket := range listener.SocketPaths(path) {
		if c, err = dial(ctx, path, socket); err == nil || !noServer(err) {
			break
		}
	}
	return c, err
}

func dial(ctx context.Context, path, socket string) (*Client, error) {
	probe, err := listener.Dial(ctx, socket)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			err = errs.Wrap(errs.Forbidden, err, "the server on %s belongs to another user of this machine", path)
		}
		return nil, err
	}
	probe.Close()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.Dial(ctx, socket) },
		Proxy:       nil,
	}
	return &Client{transport: transport, base: "http://fazt", close: func() error {
		transport.CloseIdleConnections()
		return nil
	}}, nil
}

func inProcess(ctx context.Context, c Config, lock *database.Lock) (*Client, error) {
	api, stop, err := c.Compose(ctx, c.Database, lock)
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return &Client{transport: handlerTransport{api}, base: "http://fazt", local: true, close: func() error {
		return errors.Join(stop(), lock.Release())
	}}, nil
}

// New returns a client for a transport that the caller provides.
func New(transport http.RoundTripper, base string) *Client {
	return &Client{transport: transport, base: base, close: func() error { return nil }}
}

// NewInProcess returns a client for the given control API.
func NewInProcess(api http.Handler) *Client {
	return &Client{transport: handlerTransport{api}, base: "http://fazt", local: true, close: func() error { return nil }}
}

// InProcess reports whether the operations run in this process because no server has the database open.
func (c *Client) InProcess() bool { return c.local }

// Close releases the instance.
func (c *Client) Close() error { return c.close() }

// Call runs one operation.
func Call[Req, Res any](ctx context.Context, c *Client, o op.Op[Req, Res], req Req) (res Res, err error) {
	repeatKey := ""
	if o.Spec.Repeats() {
		repeatKey = id.New("req") // the same for every attempt, so the operation runs once
	}
	for attempt := 1; ; attempt++ {
		r, err := o.NewRequest(ctx, c.base, req)
		if err != nil {
			return res, err
		}
		if c.peer != nil && repeatKey != "" {
			r.Header.Set("Idempotency-Key", repeatKey)
		}
		res, wait, err := read(c, o, r)
		if err == nil || c.peer == nil || !repeatable(o.Spec) || !again(ctx, err, attempt, wait) {
			return res, err
		}
	}
}

// read sends one request and reads its response. wait is the delay that the instance asks for before the next request.
func read[Req, Res any](c *Client, o op.Op[Req, Res], r *http.Request) (res Res, wait time.Duration, err error) {
	resp, err := c.exchange(r) //nolint:bodyclose // o.Decode closes it, or the stream it returns does
	if resp == nil {
		return res, 0, err
	}
	if err == nil {
		res, err = o.Decode(resp)
	}
	return res, retryAfter(resp), err
}

// exchange sends one request. It closes the response if it returns an error.
func (c *Client) exchange(r *http.Request) (*http.Response, error) {
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		var classified *errs.Error
		if errors.As(err, &classified) { // the caller's own body failed
			return nil, err
		}
		return nil, c.lost(err)
	}
	if err := c.refused(resp); err != nil {
		resp.Body.Close()
		return resp, err
	}
	return resp, nil
}
