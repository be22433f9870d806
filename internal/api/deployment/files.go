package deployment

import (
	"context"
	"io"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
)

// Files implements the operations on the files of deployments.
type Files struct{ API }

// List lists the files of a deployment in the order of their paths.
func (a *Files) List(ctx context.Context, req op.FilePage) (page op.Page[op.File], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	_, d, err := a.find(ctx, req.App, req.Deployment)
	if err != nil {
		return page, err
	}
	list, next, err := a.Hosting.FilePage(ctx, d.ID, req.Cursor, limit)
	return op.Page[op.File]{Items: show.Files(list), Next: next}, err
}

// Read reads one file of a deployment.
func (a *Files) Read(ctx context.Context, req op.FileRef) (op.Stream, error) {
	_, d, err := a.find(ctx, req.App, req.Deployment)
	if err != nil {
		return op.Stream{}, err
	}
	f, err := a.Hosting.File(ctx, d.ID, req.Path)
	if err != nil {
		return op.Stream{}, err
	}
	return op.Stream{Size: f.Size, Write: func(w io.Writer) error {
		return a.Hosting.WriteFile(ctx, w, f)
	}}, nil
}

// Fetch sends content of a deployment as a compressed tar stream.
func (a *Files) Fetch(ctx context.Context, req op.FilePull) (op.Stream, error) {
	_, d, err := a.find(ctx, req.App, req.Deployment)
	if err != nil {
		return op.Stream{}, err
	}
	write, err := a.Hosting.Pack(ctx, d.ID, req.Hashes)
	return op.Stream{Size: -1, Write: write}, err
}
