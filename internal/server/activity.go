package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"fazt/internal/activity"
	"fazt/internal/applog"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/runtime"
	"fazt/internal/system"
)

// composeLogs opens the activity log and the console output of apps.
func (i *Instance) composeLogs(ctx context.Context) (err error) {
	i.Activity, err = activity.OpenLog(ctx, activity.LogConfig{
		DB: i.DB, Keep: func() int { return i.Limits.Storage().MaxLogRows }, Age: i.logAge, Log: i.log,
	})
	if err != nil {
		return err
	}
	i.AppLog, err = applog.Open(ctx, applog.Config{
		DB:   i.DB,
		Keep: func(app string) int { return i.Limits.App(app).Storage.AppLogRows },
		Rate: func(app string) int { return i.Limits.App(app).Runtime.ConsoleRate },
		Age:  i.logAge, Log: i.log,
	})
	return err
}

// logAge returns how long logs are kept; 0 = forever.
func (i *Instance) logAge() time.Duration {
	return time.Duration(i.System.Settings().Load().LogRetention) * 24 * time.Hour
}

// closeLogs stores what the logs still hold. By now nothing records any more.
func (i *Instance) closeLogs() error {
	var all error
	keep := func(err error) {
		if errs.Is(err, errs.StorageFull) || errs.Is(err, errs.Unavailable) {
			// There is nothing to do about it here, and this process may have been started only to read.
			i.log.Error("the last records could not be stored", "error", err)
			return
		}
		all = errors.Join(all, err)
	}
	if i.Activity != nil {
		keep(i.Activity.Close(context.Background()))
	}
	if i.AppLog != nil {
		keep(i.AppLog.Flush(context.Background()))
	}
	if i.NetLog != nil {
		keep(i.NetLog.Flush(context.Background()))
	}
	if i.Net != nil {
		keep(i.Net.Flush(context.Background()))
	}
	return all
}

func (i *Instance) started(ctx context.Context, r *run) error {
	if d := i.DB.Disk(); d.State >= database.DiskFull { // it was opened read-only, before the log existed
		i.diskChanged(d)
	}
	return i.Activity.Started(ctx, system.Version, map[string]any{"listen": r.listen})
}

// callerRefused records a request that the admin host refused before it reached an operation: it had a wrong key, or
// another site sent it through a browser. The contents of the request are not recorded.
func (i *Instance) callerRefused(r *http.Request, address string, err error) {
	action, details := "key.check", map[string]any(nil)
	if errs.Is(err, errs.Forbidden) {
		action, details = "request.forge", activityOrigin(r)
	}
	i.Activity.RecordBundled(action, address, activity.Entry{
		Weight: activity.Security, Action: action, Result: activity.Denied, Code: errs.Code(err), ResourceType: "key",
		Actor: activity.Actor{Kind: activity.Anonymous, Address: address, Agent: r.UserAgent()}, Details: activity.Details(details),
	})
}

func activityOrigin(r *http.Request) map[string]any {
	return map[string]any{"origin": r.Header.Get("Origin")}
}

// functionStopped records that a limit ended a run of a function.
func (i *Instance) functionStopped(s runtime.Stop) {
	if s.Final {
		i.stopDeployment(s)
	}
	i.Activity.RecordBundled("function.stop", s.Function.AppID+" "+s.Limit, activity.Entry{
		Weight: activity.Data, Action: "function.stop", Result: activity.Failed, Code: errs.Code(s.Err), ResourceType: "app",
		Resource: s.Function.AppName, AppID: s.Function.AppID, Actor: activity.Actor{Kind: activity.ItSelf},
		Details: activity.Details(map[string]any{"limit": s.Limit, "deployment": fmt.Sprint(s.Function.Number), "request_id": s.Function.RequestID}),
	})
}
