package deployment

import (
	"context"
	"errors"
	"fmt"
	"io"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/content"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/archive"
)

// Archives deploys archives.
type Archives struct{ Uploads }

// Archive makes a deployment from an archive, in the same steps as an upload. The whole archive is checked before any of it
// is stored, so it is kept in a temporary file and read twice.
func (a *Archives) Archive(ctx context.Context, req op.ArchiveDeploy) (done op.Deployed, err error) {
	if req.App == "" {
		return done, errs.New(errs.Invalid, "the form must have the field app before the field file")
	}
	if err := apps.CheckName(req.App); err != nil {
		return done, err
	}
	call.About(ctx, req.App, "")
	// The path does not name the app, so the guard could not check this.
	if err := call.AllowNamed(ctx, a.Apps, op.DeployArchive.Spec.Access, req.App); err != nil {
		return done, err
	}
	app, err := a.Apps.Get(ctx, req.App)
	if err != nil && !errs.Is(err, errs.NotFound) { // the deploy may create it
		return done, err
	}
	if err := a.declared(app.ID, req.File); err != nil {
		return done, err
	}
	spool, err := a.Hosting.Spool(app.ID, req.File)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	found, err := archive.Open(ctx, spool, spool.Size, a.Hosting.Limits(app.ID))
	if err != nil {
		return done, err
	}
	plan := hosting.Plan{Files: found.Files, SPA: req.SPA}
	if req.Message != nil {
		plan.Message = *req.Message
	}
	plan.Preview = req.Preview != nil && *req.Preview
	if done, err = a.deployPlan(ctx, req.App, plan, found); err == nil && found.LeftOut > 0 {
		done.Warnings = append(done.Warnings, fmt.Sprintf("%d files were left out, because they are never deployed (version control, dependencies, dotfiles)", found.LeftOut))
	}
	return done, err
}

// formOverhead is a generous limit for the size of a form without its file.
const formOverhead = 1 << 20

// declared refuses an archive by its declared size, before any of it is read.
func (a *Archives) declared(appID string, file io.Reader) error {
	said, ok := file.(interface{ Declared() int64 })
	if most := a.Hosting.Limits(appID).MaxUpload; ok && said.Declared() > most+formOverhead {
		return errs.TooBig("the upload", said.Declared(), most, "storage.max_upload")
	}
	return nil
}

func (a *Archives) deployPlan(ctx context.Context, app string, plan hosting.Plan, found *archive.Archive) (op.Deployed, error) {
	u, err := a.begin(ctx, app, plan, false)
	if err != nil {
		return op.Deployed{}, err
	}
	if u.Same != nil {
		return a.unchanged(ctx, app, *u.Same)
	}
	_, err = a.Hosting.Fill(ctx, u.ID, func(take func(content.Hash, io.Reader) error) error {
		return found.Each(ctx, func(f hosting.Announced, content io.Reader) error { return take(f.Hash, content) })
	})
	if err != nil {
		return op.Deployed{}, err
	}
	return a.Commit(ctx, op.UploadRef{Upload: u.ID})
}

// unchanged returns the result of a deploy that changes nothing.
func (a *Archives) unchanged(ctx context.Context, name string, d hosting.Deployment) (op.Deployed, error) {
	app, err := a.Apps.Get(ctx, name)
	if err != nil {
		return op.Deployed{}, err
	}
	call.About(ctx, app.Name, app.ID)
	call.Detail(ctx, "unchanged", d.Number)
	return op.Deployed{
		App: op.AppRecord(app), Deployment: a.Show.Deployment(app, d), Preview: !d.Live, Needs: a.Show.Needs(app.ID, d.Manifest),
		Warnings: []string{fmt.Sprintf("nothing was deployed: deployment %d already has exactly this content", d.Number)},
	}, nil
}
