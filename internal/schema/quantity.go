package schema

import (
	"math/big"
	"strconv"
	"strings"

	"fazt/internal/errs"
)

// scale is a unit that people write, as a multiple of the smallest of its kind: bytes, or milliseconds.
type scale struct {
	name string
	size int64
}

var (
	byteScales = []scale{{"B", 1}, {"kB", 1e3}, {"KiB", 1 << 10}, {"MB", 1e6}, {"MiB", 1 << 20}, {"GB", 1e9}, {"GiB", 1 << 30}, {"TB", 1e12}, {"TiB", 1 << 40}}
	timeScales = []scale{{"ms", 1}, {"s", 1e3}, {"min", 60e3}, {"h", 3600e3}, {"d", 86400e3}}
)

// scalesOf returns the units in which a number of the given unit may be written, and how many of the smallest one unit
// is.
func scalesOf(unit string) (scales []scale, one int64) {
	switch unit {
	case "bytes", "bytes/s":
		return byteScales, 1
	case "ms":
		return timeScales, 1
	case "s":
		return timeScales, 1e3
	case "days":
		return timeScales, 86400e3
	}
	return nil, 1
}

// ParseQuantity parses a number as people write it, in the given unit: "8000" and "8s" are the same number of ms. KB,
// MB and so on are powers of 1000, KiB and MiB powers of 1024.
func ParseQuantity(path, unit, text string) (int64, error) {
	text = strings.TrimSpace(text)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/% ")
	name := strings.TrimSpace(text[len(digits):])
	scales, one := scalesOf(unit)
	size := int64(0)
	if name == "" || strings.EqualFold(name, unit) {
		size = one
	}
	each := perSecond(unit)
	for _, s := range scales {
		if strings.EqualFold(name, s.name) || each != "" && strings.EqualFold(name, s.name+each) || s.name == "min" && name == "m" {
			size = s.size
		}
	}
	n, ok := decimal(digits)
	if !ok || size == 0 {
		return 0, errs.New(errs.Invalid, "%s must be a whole number%s, not %.100q", path, examples(unit), text)
	}
	n.Mul(n, new(big.Rat).SetFrac64(size, one))
	if !n.IsInt() || !n.Num().IsInt64() {
		return 0, errs.New(errs.Invalid, "%s: %q is not a whole number of %s", path, text, unit)
	}
	return n.Num().Int64(), nil
}

// decimal parses digits with at most one point. big.Rat alone would also accept "1e999999999", which takes very long.
func decimal(text string) (*big.Rat, bool) {
	if text == "" || len(text) > 24 {
		return nil, false
	}
	for i, r := range text {
		if (r < '0' || r > '9') && r != '.' && (r != '-' || i > 0) {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

func examples(unit string) string {
	switch scales, _ := scalesOf(unit); {
	case unit == "%":
		return " of percent"
	case scales == nil:
		return ""
	case unit == "bytes/s":
		return " of bytes per second, or one with a unit such as 4MiB or 10MB/s"
	case unit == "bytes":
		return " of bytes, or one with a unit such as 64MiB or 100MB"
	case unit == "days":
		return " of days"
	}
	return " of " + unit + ", or one with a unit such as 500ms, 8s, 5min or 2h"
}

// Quantity formats a number of a unit for people, exactly if it is a multiple of a larger unit: "64 MiB", "5 s", "20
// VMs".
func Quantity(unit string, n int64) string {
	scales, one := scalesOf(unit)
	if scales == nil || unit == "days" {
		return strings.TrimSpace(strconv.FormatInt(n, 10) + " " + unit)
	}
	best, each := scale{unit, 1}, perSecond(unit)
	if unit = strings.TrimSuffix(unit, each); unit == "bytes" {
		best = byteScales[0]
	}
	for _, s := range scales {
		if s.size > one && n != 0 && n%(s.size/one) == 0 && n/(s.size/one) < n/best.size {
			best = scale{s.name, s.size / one}
		}
	}
	if unit == "bytes" && n/best.size >= 1e5 { // more digits than people read
		for _, s := range []scale{byteScales[1], byteScales[3], byteScales[5], byteScales[7]} {
			if n >= s.size {
				best = s
			}
		}
		return strconv.FormatFloat(float64(n)/float64(best.size), 'f', 1, 64) + " " + best.name + each
	}
	return strconv.FormatInt(n/best.size, 10) + " " + best.name + each
}

// perSecond returns the suffix of a rate of bytes.
func perSecond(unit string) string {
	if unit == "bytes/s" {
		return "/s"
	}
	return ""
}
