package timeout

import (
	"context"
	"testing"
	"time"
)

func TestARefusalIsDelayed(t *testing.T) {
	began := time.Now()
	HoldBack(t.Context())
	if time.Since(began) < holdFor {
		t.Error("it was not held back")
	}
}

func TestARefusalIsNotDelayedForADepartedVisitor(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	done := make(chan struct{})
	go func() {
		for range 1000 {
			HoldBack(ctx)
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(40 * time.Second): // a thousand times holdFor is longer
		t.Error("it was held back")
	}
}
