package server

import (
	"context"
	"slices"
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/runtime"
)

// stopDeployment queues a stop: the deployment gets no more runs. It does not wait for the database; storeStops does.
func (i *Instance) stopDeployment(s runtime.Stop) {
	select {
	case i.stops <- s:
	default: // the queue is full; the engine still stops it until the process ends
	}
	i.Activity.Record(activity.Entry{
		Weight: activity.Deployment, Action: "app.stop", Result: activity.Failed, Code: errs.Code(s.Err), ResourceType: "app",
		Resource: s.Function.AppName, AppID: s.Function.AppID, Actor: activity.Actor{Kind: activity.ItSelf},
		Details: activity.Details(map[string]any{"deployment": s.Function.Number, "reason": "runs of its function could not be ended"}),
	})
}

// storeStops stores which deployments were stopped, so that they stay stopped in the next process, until ctx ends.
func (i *Instance) storeStops(ctx context.Context) error {
	var failed []runtime.Stop // to be retried: the disk may be full
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

// stopAgain is how long to wait before a stop that could not be stored is retried.
const stopAgain = 10 * time.Second

func (i *Instance) storeStop(s runtime.Stop, tell bool) (stored bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := i.Hosting.Stop(ctx, s.Function.Deployment)
	if err != nil && tell {
		i.log.Error("the stop of a deployment could not be stored", "app", s.Function.AppName, "deployment", s.Function.Number, "error", err)
	}
	return err == nil
}
