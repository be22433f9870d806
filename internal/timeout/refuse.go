package timeout

import (
	"context"
	"time"
)

// holdFor is how long a refusal is delayed.
const holdFor = 50 * time.Millisecond

// HoldBack delays the refusal of a request for lack of room. A client that sends the next request as soon as it gets a
// response is then refused a dozen times per second and connection rather than a thousand times, which leaves the CPU
// to the requests being served. A delayed request holds nothing but its connection, and connections are bounded.
func HoldBack(ctx context.Context) {
	t := time.NewTimer(holdFor)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
