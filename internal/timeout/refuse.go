package timeout

import (
	"context"
	"time"
)

// holdFor is how long a refusal is kept back.
const holdFor = 50 * time.Millisecond

// HoldBack waits before a request is refused because there is no room. A client that sends the next request as soon as it has
// a response is then refused a dozen times a second per connection, and not a thousand times, which leaves the processors to
// the others. A held request has only its connection, and those are bounded.
func HoldBack(ctx context.Context) {
	t := time.NewTimer(holdFor)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
