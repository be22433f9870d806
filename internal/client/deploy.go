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

// Content opens the files of a plan while they are being sent.
type Content interface {
	// Open opens a file of the plan. Its content must have the announced size and hash.
	Open(path string) (io.ReadCloser, error)
}

// Progress is called with the number of bytes of missing content read so far.
type Progress func(sent, total int64)

// Deployment is the outcome of a deploy.
type Deployment struct {
	Upload   op.Upload    // new, unchanged and removed files
	Sent     int64        // bytes on the wire, compressed
	Deployed *op.Deployed // nil for a dry run, and if the same content is already live
}

// Deploy announces a plan, sends the content that the instance lacks, and commits. It may be repeated after any
// failure: content that has arrived is not sent again, and a committed plan results in the same deployment.
//
// With a peer it retries by itself after losing the connection, as long as each attempt makes progress.
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

// send streams the missing content as it is read: only a window of it is in memory.
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
	reader.Close() // the instance may have responded before reading everything
	if local := <-failed; local != nil && !errors.Is(local, io.ErrClosedPipe) {
		return counter.Load(), local // a local failure explains more than the broken stream it caused
	}
	return counter.Load(), err
}

func pack(w io.Writer, u op.Upload, plan op.Plan, files Content, progress Progress) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return err
	}
	defer z.Close() // closed below on success
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
		delete(missing, f.Hash) // identical content is sent once
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
