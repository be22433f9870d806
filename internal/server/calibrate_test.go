package server_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/fazttest"
	"fazt/internal/fazttest/await"
	"fazt/internal/system"
)

func calibrate(i *fazttest.Instance, force bool) (system.Measured, error) {
	return client.Call(context.Background(), i.Client, op.ServerCalibrate, op.Calibrate{Force: force, Seconds: 2})
}

// scratchFolders returns the folders of self-tests next to the database.
func scratchFolders(t *testing.T, i *fazttest.Instance) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(filepath.Dir(i.Path), ".fazt-bench-*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMeasuredValuesReplaceTheEstimatesAndSurviveARestart(t *testing.T) {
	i := fazttest.New(t)
	if c := i.Limits.Capacity(); c.MeasuredAt != "" || c.Reads == 0 {
		t.Fatalf("before: %+v", c)
	}
	m, err := calibrate(i, true)
	if err != nil {
		t.Fatal(err)
	}
	if m.Reads < 1 || m.Functions < 1 || m.Writes < 1 || m.Mixed < 1 {
		t.Errorf("measured: %+v", m)
	}
	want := i.Limits.Capacity()
	if want.Reads != m.Reads || want.Writes != m.Writes || want.Mixed != m.Mixed || want.Users != m.Reads || want.UsersMax != 2*m.Reads || want.MeasuredAt == "" || want.MaxRequests == 0 {
		t.Errorf("in force: %+v, measured %+v", want, m)
	}
	if left := scratchFolders(t, i); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if n, err := i.Apps.Count(t.Context()); n != 0 || err != nil {
		t.Errorf("%d apps, %v", n, err)
	}
	i.Stop()

	again := fazttest.New(t, fazttest.At(i.Path))
	if got := again.Limits.Capacity(); got != want {
		t.Errorf("after a restart: %+v, want %+v", got, want)
	}
	again.Stop()

	moved := fazttest.New(t, fazttest.At(i.Path), fazttest.Limit(func(l *system.Limits) { l.Hardware.CPUCores++ }))
	if got := moved.Limits.Capacity(); got.MeasuredAt != "" {
		t.Errorf("on another machine: %+v", got)
	}
}

func TestABusyInstanceIsMeasuredOnlyWithForce(t *testing.T) {
	i := fazttest.New(t)
	i.Deploy("app", "-- index.html --\nhi")
	ctx, cancel := context.WithCancel(t.Context())
	var visitors sync.WaitGroup
	for range 4 {
		visitors.Go(func() {
			for ctx.Err() == nil {
				i.Get("app", "/")
			}
		})
	}
	_, err := calibrate(i, false)
	if !errs.Is(err, errs.Conflict) {
		t.Errorf("got %v", err)
	}
	if _, err := calibrate(i, true); err != nil {
		t.Errorf("with force: %v", err)
	}
	cancel()
	visitors.Wait()
	if _, err := calibrate(i, false); err != nil {
		t.Errorf("when it is quiet: %v", err)
	}
}

// waitScratch waits until a self-test has begun.
func waitScratch(t *testing.T, i *fazttest.Instance) {
	t.Helper()
	await.Until(t, "a self-test to begin", func() bool { return len(scratchFolders(t, i)) > 0 })
}

func TestOnlyOneSelfTestRunsAtATime(t *testing.T) {
	i := fazttest.New(t)
	first := make(chan error)
	go func() { _, err := calibrate(i, true); first <- err }()
	waitScratch(t, i)
	if _, err := calibrate(i, true); !errs.Is(err, errs.Conflict) {
		t.Errorf("the second: %v", err)
	}
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestAStoppingServerEndsItsSelfTestAndLeavesNothing(t *testing.T) {
	i := fazttest.New(t)
	got := make(chan error)
	go func() {
		_, err := client.Call(context.Background(), i.Client, op.ServerCalibrate, op.Calibrate{Force: true, Seconds: 60})
		got <- err
	}()
	waitScratch(t, i)
	if _, err := client.Call(t.Context(), i.Client, op.ServerStop, op.None{}); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err == nil {
		t.Error("a self-test that was cut off succeeded")
	}
	if left := scratchFolders(t, i); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheNextStartRemovesWhatACrashedSelfTestLeft(t *testing.T) {
	i := fazttest.New(t)
	i.Stop()
	left := filepath.Join(filepath.Dir(i.Path), ".fazt-bench-data.db-123")
	others := filepath.Join(filepath.Dir(i.Path), ".fazt-bench-other.db-123") // another server may be using it
	fetch := filepath.Join(filepath.Dir(i.Path), ".fazt-fetch-data.db-123")   // of a backup for a peer
	for _, dir := range []string{left, others, fetch} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(left, "data.db"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := fazttest.New(t, fazttest.At(i.Path))
	if got := scratchFolders(t, again); len(got) != 1 || got[0] != others {
		t.Errorf("there are: %v", got)
	}
	if _, err := os.Stat(fetch); err == nil {
		t.Error("the copy for a peer is left")
	}
}

func TestTheTimeOfASelfTestIsBounded(t *testing.T) {
	i := fazttest.New(t)
	for _, seconds := range []int{-1, 61} {
		_, err := client.Call(t.Context(), i.Client, op.ServerCalibrate, op.Calibrate{Seconds: seconds})
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%d seconds: %v", seconds, err)
		}
	}
}
