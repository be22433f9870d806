package client

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"

	"fazt/internal/api/op"
	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/limitio"
)

// Content opens files that were announced, for as long as they are being sent.
type Content interface {
	// Open gives the content of a file of the plan. What it reads must have the announced size and hash.
	Open(path string) (io.ReadCloser, error)
}

// Progress is told how much of the missing content has been read, in bytes.
type Progress func(sent, total int64)

// Deployment is the outcome of a deploy.
type Deployment struct {
	Upload   op.Upload    // what was new, unchanged, removed
	Sent     int64        // bytes on the wire, compressed
	Deployed *op.Deployed // nil for a dry run, and when the same content is live already
}

// Deploy announces a plan, sends what the instance lacks and commits. It may be repeated after any failure: what
// arrived is not sent again, and a plan that was committed gives the same deployment.
//
// To a peer it repeats itself when the connection was lost, for as long as each attempt gets further.
func Deploy(ctx context.Context, c *Client, app string, plan op.Plan, content Content, dryRun bool, progress Progress) (d Deployment, err error) {
	sent, missing := int64(0), int64(-1)
	for attempt := 1; ; attempt++ {
		d, err = deployOnce(ctx, c, app, plan, content, dryRun, progress)
		sent += d.Sent
		d.Sent = sent
		if err == nil || c.peer == nil || d.Upload.ID == "" || !errs.Is(err, errs.Unavailable) {
			return d, err
		}
		if missing >= 0 && d.Upload.MissingBytes < missing {
			attempt = 1
		}
		missing = d.Upload.MissingBytes
		if !again(ctx, err, attempt, 0) {
			return d, err
		}
	}
}

func deployOnce(ctx context.Context, c *Client, app string, plan op.Plan, content Content, dryRun bool, progress Progress) (d Deployment, err error) {
	d.Upload, err = Call(ctx, c, op.UploadBegin, op.UploadPlan{App: app, DryRun: dryRun, Plan: plan})
	if err != nil || dryRun || d.Upload.Same != nil {
		return d, err
	}
	if len(d.Upload.Missing) > 0 {
		if d.Sent, err = send(ctx, c, d.Upload, plan, content, progress); err != nil {
			return d, err
		}
	}
	deployed, err := Call(ctx, c, op.UploadCommit, op.UploadRef{Upload: d.Upload.ID})
	d.Deployed = &deployed
	return d, err
}

// send streams the missing content while it is read: nothing is held in memory but a window.
func send(ctx context.Context, c *Client, u op.Upload, plan op.Plan, content Content, progress Progress) (sent int64, err error) {
	reader, writer := io.Pipe()
	var counter atomic.Int64
	failed := make(chan error, 1)
	go func() {
		err := pack(writer, u, plan, content, progress)
		writer.CloseWithError(err)
		failed <- err
	}()
	_, err = Call(ctx, c, op.UploadSend, op.UploadContent{Upload: u.ID, Body: limitio.Counter{R: reader, N: &counter}})
	reader.Close() // the instance may have answered before it read everything
	if local := <-failed; local != nil && !errors.Is(local, io.ErrClosedPipe) {
		return counter.Load(), local // what went wrong here says more than that the stream broke
	}
	return counter.Load(), err
}

func pack(w io.Writer, u op.Upload, plan op.Plan, files Content, progress Progress) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	defer z.Close() // closed below where it matters
	t := tar.NewWriter(z)
	missing := make(map[content.Hash]bool, len(u.Missing))
	for _, h := range u.Missing {
		missing[h] = true
	}
	var done int64
	for _, f := range plan.Files {
		if !missing[f.Hash] {
			continue
		}
		delete(missing, f.Hash) // the same content under another name is sent once
		if err := packFile(t, f, files); err != nil {
			return err
		}
		done += f.Size
		if progress != nil {
			progress(done, u.MissingBytes)
		}
	}
	return errors.Join(t.Close(), z.Close())
}

func packFile(t *tar.Writer, f op.Announced, content Content) error {
	r, err := content.Open(f.Path)
	if err != nil {
		return errs.Wrap(errs.Invalid, err, "%s cannot be read: %v", f.Path, err)
	}
	defer r.Close()
	if err := t.WriteHeader(&tar.Header{Name: f.Hash.String(), Size: f.Size, Mode: 0o600, Typeflag: tar.TypeReg, Format: tar.FormatPAX}); err != nil {
		return err
	}
	n, err := io.Copy(t, io.LimitReader(r, f.Size))
	if err == nil && n < f.Size {
		err = fmt.Errorf("it became shorter")
	}
	if err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return errs.Wrap(errs.Conflict, err, "%s changed while it was being sent; nothing was deployed; try again", f.Path)
	}
	return err
}
