package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"

	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/output"
)

const (
	// maxReceived bounds the bytes of a commit: no app needs more than a gigabyte. maxOffer bounds its references, which
	// are kept in memory; those of the largest repositories take a few megabytes.
	maxReceived = 1 << 30
	maxOffer    = 64 << 20
	// fetchTimeout bounds a whole fetch.
	fetchTimeout = 30 * time.Minute
	// responseTimeout bounds the time until a response starts, and idleTimeout the pauses within it.
	responseTimeout = time.Minute
	idleTimeout     = time.Minute
)

// openRemote asks a host for the references. The connection is not kept, so nothing has to be closed.
func openRemote(ctx context.Context, a Address, progress Progress) (*Repository, error) {
	endpoint, err := transport.NewEndpoint(a.URL)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s is not the address of a repository", a.URL)
	}
	dialer := &net.Dialer{Timeout: 20 * time.Second}
	client := &http.Client{Transport: bounded{
		next: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableKeepAlives: true,
			TLSHandshakeTimeout: 20 * time.Second, ResponseHeaderTimeout: responseTimeout,
		},
		progress: progress,
	}}
	// Only the first request follows redirects, and never from https to http.
	session, err := githttp.NewClient(client).NewUploadPackSession(endpoint, nil)
	if err != nil {
		return nil, unreachable(a.URL, err)
	}
	offer, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, unreachable(a.URL, err)
	}
	r := &Repository{Address: a, refs: map[string]plumbing.Hash{}, peeled: map[string]plumbing.Hash{}}
	for name, hash := range offer.References {
		r.refs[name] = hash
	}
	for name, hash := range offer.Peeled {
		r.peeled[name] = hash
	}
	if offer.Head != nil {
		r.refs["HEAD"] = *offer.Head
	}
	for _, link := range offer.Capabilities.Get(capability.SymRef) {
		if target, ok := strings.CutPrefix(link, "HEAD:"); ok {
			r.head = target
		}
	}
	r.exact = offer.Capabilities.Supports(capability.AllowReachableSHA1InWant)
	r.fetch = func(ctx context.Context, want plumbing.Hash, dir string) (storer.EncodedObjectStorer, error) {
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		store, err := receive(ctx, session, offer, want, dir)
		if err != nil {
			return nil, unreachable(a.URL, err)
		}
		return store, nil
	}
	return r, nil
}

// receive fetches one commit, without its history, into dir.
func receive(ctx context.Context, session transport.UploadPackSession, offer *packp.AdvRefs, want plumbing.Hash, dir string) (storer.EncodedObjectStorer, error) {
	store := openStore(filepath.Join(dir, "objects.git"))
	if err := store.Init(); err != nil {
		return nil, err
	}
	request := packp.NewUploadPackRequestFromCapabilities(offer.Capabilities)
	request.Wants = []plumbing.Hash{want}
	if offer.Capabilities.Supports(capability.Shallow) {
		request.Depth = packp.DepthCommits(1)
		if err := request.Capabilities.Set(capability.Shallow); err != nil {
			return nil, err
		}
	}
	response, err := session.UploadPack(ctx, request)
	if err != nil {
		return nil, err
	}
	err = packfile.UpdateObjectStorage(store, pack(request, response))
	return store, errors.Join(err, response.Close())
}

// pack returns the pack in a response, which may be interleaved with messages for people.
func pack(request *packp.UploadPackRequest, response io.Reader) io.Reader {
	switch {
	case request.Capabilities.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, response)
	case request.Capabilities.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, response)
	}
	return response
}

// unreachable returns the error of a repository that cannot be fetched.
func unreachable(url string, err error) error {
	var known *errs.Error
	var network net.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, transport.ErrRepositoryNotFound), errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return errs.Wrap(errs.NotFound, err, "no public repository at %s; clone a private one with git and install the folder", url)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return errs.Wrap(errs.NotFound, err, "the repository at %s is empty", url)
	case errors.As(err, &network):
		return errs.Wrap(errs.Unavailable, err, "%s cannot be reached: %v", url, network)
	}
	return errs.Wrap(errs.Unavailable, err, "the server at %s is not a git host: %.200s", url, firstLine(err))
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return output.Line(line)
}

// bounded is a transport that cuts off responses that are too large or pause for too long.
type bounded struct {
	next     *http.Transport
	progress Progress
}

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	resp, err := b.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	body := &timedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, progress: b.progress}
	most := int64(maxReceived)
	if r.Method == http.MethodGet {
		most = maxOffer
	}
	body.idle = time.AfterFunc(idleTimeout, func() { cancel(errStalled()) })
	over := errs.New(errs.TooLarge, "the host sent more than %d bytes, which is the limit", most)
	resp.Body = struct {
		io.Reader
		io.Closer
	}{limitio.Max(body, most, over), body}
	return resp, nil
}

func errStalled() error {
	return errs.New(errs.Timeout, "the host sent nothing for %v", idleTimeout)
}

// timedBody fails if a read takes too long.
type timedBody struct {
	io.ReadCloser
	ctx      context.Context
	cancel   context.CancelCauseFunc
	idle     *time.Timer
	n        int64
	progress Progress
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.idle.Reset(idleTimeout)
	b.n += int64(n)
	if b.progress != nil {
		b.progress(b.n)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		if stalled := context.Cause(b.ctx); stalled != nil {
			return n, stalled
		}
		err = fmt.Errorf("the response was cut off: %w", err)
	}
	return n, err
}

func (b *timedBody) Close() error {
	b.idle.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
