package errs

import "fmt"

// Size returns a number of bytes for people, in steps of 1000: what was measured.
func Size(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB"} {
		if value /= 1000; value < 999.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// Bound returns a number of bytes that was chosen, exact where it is a multiple of a larger unit: "64 MiB", "100 MB".
func Bound(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n > 0 && n%u.size == 0 && n%1e6 != 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return Size(n)
}

// Over returns a size that exceeds a bound, and the bound, as texts that differ.
func Over(n, bound int64) (has, may string) {
	if Size(n) == Size(bound) {
		return fmt.Sprintf("%d bytes", n), fmt.Sprintf("%d bytes", bound)
	}
	return Size(n), Bound(bound)
}

// TooBig returns the error for something that exceeds a limit, which the owner may change.
func TooBig(what string, n, bound int64, limit string) *Error {
	has, may := Over(n, bound)
	return New(TooLarge, "%s has %s; the limit is %s (%s)", what, has, may, limit)
}
