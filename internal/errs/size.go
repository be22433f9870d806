package errs

import "fmt"

// Size formats a measured number of bytes for people, in steps of 1000.
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

// Bound formats a configured number of bytes, exactly if it is a multiple of a larger unit: "64 MiB", "100 MB".
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

// Over formats a size and the bound it exceeds so that the two differ.
func Over(n, limit int64) (has, may string) {
	if Size(n) == Size(limit) {
		return fmt.Sprintf("%d bytes", n), fmt.Sprintf("%d bytes", limit)
	}
	return Size(n), Bound(limit)
}

// TooBig is the error for something that exceeds a size limit which the owner can change.
func TooBig(what string, n, limit int64, setting string) *Error {
	has, may := Over(n, limit)
	return New(TooLarge, "%s has %s; the limit is %s (%s)", what, has, may, setting)
}
