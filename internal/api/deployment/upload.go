package deployment

import (
	"context"
	"fmt"
	"log/slog"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/api/show"
	"fazt/internal/apps"
	"fazt/internal/database"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/hosting/siterules"
	"fazt/internal/runtime/compile"
)

// Source reads the files of a deployment that is about to be made.
type Source interface {
	ReadFile(ctx context.Context, path string) ([]byte, error)
	Exists(path string) bool
}

// Uploads implements the operations on uploads.
type Uploads struct {
	DB      *database.DB
	Apps    *apps.Store
	Hosting *hosting.Store
	Show    show.Apps
	Log     *slog.Logger
	// Compile compiles the function of a deployment that is about to be made. It returns nil if there is none.
	Compile func(ctx context.Context, app string, src Source) ([]byte, error)
}

// Begin announces a deployment and returns the missing content.
func (a *Uploads) Begin(ctx context.Context, req op.UploadPlan) (op.Upload, error) {
	u, err := a.begin(ctx, req.App, show.Plan(req.Plan), req.DryRun)
	return show.Upload(u), err
}

func (a *Uploads) begin(ctx context.Context, ref string, plan hosting.Plan, dryRun bool) (hosting.Upload, error) {
	app, err := a.Apps.Get(ctx, ref)
	if errs.Is(err, errs.NotFound) {
		app.Name, err = ref, apps.CheckName(ref)
	}
	if err != nil {
		return hosting.Upload{}, err
	}
	if dryRun {
		call.Detail(ctx, "dry_run", true)
		return a.Hosting.Compare(ctx, app.ID, plan)
	}
	return a.Hosting.Begin(ctx, app.Name, app.ID, plan)
}

// Send receives missing content.
func (a *Uploads) Send(ctx context.Context, req op.UploadContent) (op.Received, error) {
	r, err := a.Hosting.Receive(ctx, req.Upload, req.Body)
	return op.Received(r), err
}

// Commit makes the deployment. Everything that can fail or take long comes before the one write that makes it visible, so
// a failure leaves the live deployment as it was.
func (a *Uploads) Commit(ctx context.Context, req op.UploadRef) (op.Deployed, error) {
	ready, err := a.Hosting.Ready(ctx, req.Upload)
	if err != nil {
		return op.Deployed{}, err
	}
	if err := checkNeeds(ready.Plan.Manifest); err != nil {
		return op.Deployed{}, err
	}
	done := op.Deployed{Preview: ready.Plan.Preview, Warnings: []string{}}
	var program []byte
	if ready.Committed == nil {
		if warning := compile.UnusedEntries(ready.Source.Exists); warning != "" {
			done.Warnings = append(done.Warnings, warning)
		}
		faults, err := siteFaults(ctx, ready)
		if err != nil {
			return op.Deployed{}, err
		}
		done.Warnings = append(done.Warnings, faults...)
		if program, err = a.Compile(ctx, ready.App, ready.Source); err != nil {
			return op.Deployed{}, err
		}
		if err := a.Hosting.Compress(ctx, ready.Files); err != nil {
			return op.Deployed{}, err
		}
	}
	var app apps.App
	var d hosting.Deployment
	err = a.DB.Write(ctx, func(tx *database.Tx) (err error) {
		if app, err = a.Apps.EnsureTx(tx, ready.App, ready.Plan.Manifest.Title); err != nil {
			return err
		}
		d, err = a.Hosting.CommitTx(tx, req.Upload, app.ID, program)
		return err
	})
	if err != nil {
		return op.Deployed{}, err
	}
	done.App = op.AppRecord(app)
	done.Deployment = a.Show.Deployment(app, d)
	done.Needs = a.Show.Needs(app.ID, d.Manifest)
	call.About(ctx, app.Name, app.ID)
	call.Detail(ctx, "deployment", d.Number)
	call.Detail(ctx, "live", !done.Preview)
	if !done.Preview && a.Show.AppURL(app) == "" {
		done.Warnings = append(done.Warnings, fmt.Sprintf("%[1]s can only be reached at its previews; `fazt alias set %[1]s --app %[1]s` gives it an address", app.Name))
	}
	if _, err := a.Hosting.Prune(ctx, app.ID); err != nil {
		// The deployment succeeded; the next one removes what was not removed now.
		a.Log.Warn("old deployments could not be removed", "app", app.Name, "error", err)
	}
	return done, nil
}

// siteFaults returns which rules of a site are ignored, and what no visitor reaches.
func siteFaults(ctx context.Context, ready hosting.Ready) ([]string, error) {
	faults, err := siterules.Check(ctx, ready.Source)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(ready.Files))
	for i, f := range ready.Files {
		paths[i] = f.Path
	}
	shadowed, err := ready.Plan.Manifest.Shadowed(ctx, paths, ready.Source)
	return append(faults, shadowed...), err
}

// checkNeeds checks that what a manifest asks for can be granted at all.
func checkNeeds(m hosting.Manifest) error {
	if err := rules.CheckNeeds(m.Net, m.Secrets); err != nil {
		return errs.Wrap(errs.Unprocessable, err, "%s: %s", hosting.ManifestFile, errs.Sentence(err))
	}
	return nil
}
