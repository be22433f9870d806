package kit

import (
	"time"

	"fazt/internal/activity"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// WireTime is a time as the instance reads it: days begin where the person is, and "24h ago" is for its own clock.
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

// OptionalTime is a time for people, or "never".
func OptionalTime(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return output.Time(*t)
}
