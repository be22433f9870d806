package server

import (
	"context"
	"fmt"
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/hosting"
	"fazt/internal/runtime/compile"
)

func checkProgram(program []byte) error { return new(compile.Program).UnmarshalBinary(program) }

// contentDamaged records that stored content has changed. A compiled function is recompiled at once.
func (i *Instance) contentDamaged(d hosting.Damage) {
	i.log.Error("damaged content", "app", d.App, "deployment", d.Deployment, "path", d.Path, "encoding", d.Encoding, "cause", d.Cause)
	if d.DeploymentID == "" {
		i.recordDamage(d, d.Encoding != "") // if only a compressed variant is damaged, the content itself is served
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, _ = i.repairProgram(ctx, d.DeploymentID) // it logs the result
}

func (i *Instance) recordDamage(d hosting.Damage, mended bool) {
	i.Activity.Record(activity.Entry{
		Weight: activity.Security, Action: "content.damage", Result: activity.Failed, ResourceType: "app", Resource: d.App, AppID: d.AppID,
		Actor:   activity.Actor{Kind: activity.ItSelf},
		Details: activity.Details(map[string]any{"deployment": d.Deployment, "path": d.Path, "encoding": d.Encoding, "cause": d.Cause, "mended": mended}),
	})
}

// repairProgram recompiles a function whose bytecode is damaged. Bytecode runs as it is, and a single wrong bit can
// crash the process.
func (i *Instance) repairProgram(ctx context.Context, deployment string) (*compile.Program, error) {
	d, err := i.Hosting.Place(ctx, deployment)
	if err != nil {
		return nil, err
	}
	d.Cause = "its bytes have changed since they were stored"
	p, err := i.recompile(ctx, deployment)
	i.log.Error("a compiled function is damaged", "app", d.App, "deployment", d.Deployment, "compiled again", err == nil)
	i.recordDamage(d, err == nil)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, err, "the compiled function is damaged and could not be recompiled; deploy the app again")
	}
	return p, nil
}

func (i *Instance) recompile(ctx context.Context, deployment string) (*compile.Program, error) {
	files, err := i.Hosting.Files(ctx, deployment)
	if err != nil {
		return nil, err
	}
	data, err := i.compile(ctx, deployment, i.Hosting.Source(files))
	if err != nil {
		return nil, err
	}
	if err := i.Hosting.ReplaceProgram(ctx, deployment, data); err != nil {
		i.log.Warn("a recompiled function could not be stored", "error", err)
	}
	p := &compile.Program{}
	return p, p.UnmarshalBinary(data)
}

// damage lists the damaged content, one problem each.
func (i *Instance) damage() []string {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	found, all, err := i.Hosting.Damage(ctx)
	if err != nil {
		return []string{"could not check for damaged content: " + errs.Sentence(err)}
	}
	list := make([]string, 0, len(found))
	for _, d := range found {
		list = append(list, fmt.Sprintf("damaged content: %s; deploy %s again to repair it", d, d.App))
	}
	if more := all - len(found); more > 0 {
		list = append(list, fmt.Sprintf("%d more damaged contents; `fazt database check --content` lists them all", more))
	}
	return list
}
