package server

import (
	"context"
	"time"
)

// leftoversEvery is how soon the rows of removed apps begin to go.
const leftoversEvery = 5 * time.Second

// removeLeftovers removes what apps that are not there any more have left, until ctx ends. Each row goes in a small write:
// a removal holds up no visitor of others, and goes on where a killed server left it.
func (i *Instance) removeLeftovers(ctx context.Context) error {
	i.DB.Repeat(ctx, leftoversEvery, "removing what removed apps have left", i.RemoveLeftovers)
	return nil
}

// RemoveLeftovers removes what apps that are not there any more have left.
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
