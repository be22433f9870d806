package output

import (
	"fmt"
	"time"

	"fazt/internal/errs"
)

// Size formats a number of bytes for people, in steps of 1000.
func Size(n int64) string { return errs.Size(n) }

// Count formats a number of things: "1 file", "2 files".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Time formats a time relative to now, or as date and time if it is a week or more away.
func Time(t time.Time) string { return relative(t, time.Now()) }

func relative(t, now time.Time) string {
	const week = 7 * 24 * time.Hour
	switch d := now.Sub(t); {
	case t.IsZero():
		return "never"
	case d >= week || d <= -week:
		return t.Local().Format("2006-01-02 15:04")
	case d >= time.Minute:
		return distance(d) + " ago"
	case d <= -time.Minute:
		return "in " + distance(-d)
	}
	return "just now" // also if the clocks differ a little
}

func distance(d time.Duration) string {
	switch {
	case d < time.Hour:
		return Count(int(d/time.Minute), "minute")
	case d < 24*time.Hour:
		return Count(int(d/time.Hour), "hour")
	}
	return Count(int(d/(24*time.Hour)), "day")
}

// Took formats a duration for people, with three digits.
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
