package kit

import (
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// WireTime returns a time in the form that the instance reads: a date starts in the time zone of the user, and "24h" refers to the clock of the instance.
func WireTime(flag, text string, now time.Time) (string, error) {
	if text == "" {
		return "", nil
	}
	at, err := activity.ParseTime(text, now)
	if err != nil {
		return "", Usagef("--%s: %s", flag, errs.Sentence(err))
	}
	if _, err := time.Parse(time.DateOnly, text); err == nil {
		return at.Format(time.RFC3339), nil
	}
	return text, nil
}

// OptionalTime formats a time, or returns "never".
func OptionalTime(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return output.Time(*t)
}
