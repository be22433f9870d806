package timeout

import (
	"context"
	"time"
)

// holdFor is how long a refusal is kept back.
const holdFor = 50 * time.Millisecond

// HoldBack waits before a request is refused for want of room. Whoever sends the next as soon as it has an answer is
// refused a dozen times a second and connection then, and not a thousand times: the processors are left to those who are served. A
// held request has nothing but its connection, and those are bounded.
func HoldBack(ctx context.Context) {
	t := time.NewTimer(holdFor)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
