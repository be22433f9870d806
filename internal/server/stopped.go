package server

import (
	"context"
	"slices"
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/runtime"
)

// stopDeployment notes that a deployment gets no more runs. It does not wait for the database; storeStops does that.
func (i *Instance) stopDeployment(s runtime.Stop) {
	select {
	case i.stops <- s:
	default: // as many are waiting; the engine stops it until the end of the process all the same
	}
	i.Activity.Record(activity.Entry{
		Weight: activity.Deployment, Action: "app.stop", Result: activity.Failed, Code: errs.Code(s.Err), ResourceType: "app",
		Resource: s.Function.AppName, AppID: s.Function.AppID, Actor: activity.Actor{Kind: activity.ItSelf},
		Details: activity.Details(map[string]any{"deployment": s.Function.Number, "reason": "runs of its function could not be ended"}),
	})
}

// storeStops stores which deployments were stopped, so that they stay so in the next process, until ctx ends.
func (i *Instance) storeStops(ctx context.Context) error {
	var failed []runtime.Stop // to be tried again: the disk may be full
	again := time.NewTicker(stopAgain)
	defer again.Stop()
	for {
		select {
		case s := <-i.stops:
			if !i.storeStop(s, true) {
				failed = append(failed, s)
			}
		case <-again.C:
			failed = slices.DeleteFunc(failed, func(s runtime.Stop) bool { return i.storeStop(s, false) })
		case <-ctx.Done():
			for _, s := range failed {
				i.storeStop(s, true)
			}
			for len(i.stops) > 0 {
				i.storeStop(<-i.stops, true)
			}
			return nil
		}
	}
}

// stopAgain is how long a stop that could not be stored waits until it is tried again.
const stopAgain = 10 * time.Second

func (i *Instance) storeStop(s runtime.Stop, tell bool) (stored bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := i.Hosting.Stop(ctx, s.Function.Deployment)
	if err != nil && tell {
		i.log.Error("that a deployment was stopped could not be stored", "app", s.Function.AppName, "deployment", s.Function.Number, "error", err)
	}
	return err == nil
}
