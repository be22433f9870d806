package output

import (
	"fmt"
	"time"

	"fazt/internal/errs"
)

// Size is a number of bytes for people, in steps of 1000.
func Size(n int64) string { return errs.Size(n) }

// Count is a number of things: "1 file", "2 files".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Time says how long ago something was; after a week it says when.
func Time(t time.Time) string { return ago(t, time.Now()) }

func ago(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	switch d := now.Sub(t); {
	case d < time.Minute: // also when the clocks differ a little
		return "just now"
	case d < time.Hour:
		return Count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return Count(int(d/time.Hour), "hour") + " ago"
	case d < 7*24*time.Hour:
		return Count(int(d/(24*time.Hour)), "day") + " ago"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// Took is a duration for people, to three digits.
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
