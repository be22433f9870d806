package server

import (
	"context"
	"time"
)

// leftoversEvery is how often the rows of removed apps are looked for.
const leftoversEvery = 5 * time.Second

// removeLeftovers removes the leftovers of removed apps until ctx ends. Each row goes in a small write, so a removal
// does not hold up visitors of other apps, and continues after the server was killed.
func (i *Instance) removeLeftovers(ctx context.Context) error {
	i.DB.Repeat(ctx, leftoversEvery, "removing the leftovers of removed apps", i.RemoveLeftovers)
	return nil
}

// RemoveLeftovers removes the leftovers of removed apps.
func (i *Instance) RemoveLeftovers(ctx context.Context) error {
	list, err := i.Apps.Leftovers(ctx)
	for n := 0; n < len(list) && err == nil; n++ {
		err = i.removeLeftoversOf(ctx, list[n])
	}
	return err
}

func (i *Instance) removeLeftoversOf(ctx context.Context, app string) error {
	done, err := i.KV.RemoveLeftovers(ctx, app)
	if err == nil && done {
		err = i.AppLog.RemoveLeftovers(ctx, app)
	}
	if err == nil && done {
		err = i.NetLog.RemoveLeftovers(ctx, app)
	}
	if err == nil && done {
		err = i.Apps.Forget(ctx, app)
	}
	return err
}
