package call

import (
	"context"
	"io"
	"strconv"
	"time"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/errs"
	"fazt/internal/journal"
)

// beat is how often a stream without events shows that it is alive. Timeouts of proxies begin at 30 s.
const beat = 15 * time.Second

// Follows serves the streams that last as long as their client stays.
type Follows struct {
	Keys   *auth.Keys
	Ending <-chan struct{} // closed when they have to end
}

// Follow writes records as events as they arrive, until the client leaves, alive returns an error, or the server stops.
func Follow[T any](ctx context.Context, on Follows, w io.Writer, past []T, f *journal.Follower[T], alive func() error, event func(T, int) (op.Event, error)) error {
	defer f.Stop()
	write := func(records []T, missed int) error {
		var b []byte
		for _, r := range records {
			e, err := event(r, missed)
			if err != nil {
				return err
			}
			b = op.AppendEvent(b, e)
			missed = 0
		}
		if len(b) == 0 {
			return nil
		}
		_, err := w.Write(b)
		return err
	}
	if err := write(past, 0); err != nil {
		return err
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-on.Ending:
			return nil
		case r := <-f.C:
			err = write(waiting(f, r), f.Missed())
		case <-tick.C:
			switch err = alive(); {
			case errs.Is(err, errs.NotFound) || IsDenial(err):
				return nil
			case err == nil:
				_, err = w.Write(op.Heartbeat())
			}
		}
		if err != nil {
			return err
		}
	}
}

// waiting returns a record and those that have come after it, which are sent together.
func waiting[T any](f *journal.Follower[T], first T) []T {
	records := []T{first}
	for len(records) < 100 {
		select {
		case r := <-f.C:
			records = append(records, r)
		default:
			return records
		}
	}
	return records
}

// Allowed returns an error if the caller may no longer follow a log: revoking a key ends its streams.
func (f Follows) Allowed(ctx context.Context) error {
	p := auth.From(ctx)
	if p.Kind != auth.Key {
		return nil
	}
	return f.Keys.InForce(ctx, p.ID)
}

// EventID parses the id of an entry or a line that a client sends back.
func EventID(text, what string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, errs.New(errs.Invalid, "invalid %s: this server never sent it", what)
	}
	return n, nil
}
