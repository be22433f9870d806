package static

import (
	"math"
	"net/http"
	"strconv"
	"strings"
)

// byteRange is a range of bytes of a file.
type byteRange struct{ start, length int64 }

// contentRange returns the value of Content-Range.
func (r byteRange) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(r.start, 10) + "-" + strconv.FormatInt(r.start+r.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// maxRanges is how many ranges one request may ask for. Players ask for one, PDF readers for a handful.
const maxRanges = 16

// requestedRanges returns the ranges that a request asks for (RFC 9110, section 14) of a file of the given size. None
// means to send the whole file: the request asks for no range, the file has changed (If-Range), the header is malformed,
// or it is abuse: too many ranges, or more bytes than the file has. satisfiable is false if the file has none of the
// ranges.
func requestedRanges(h http.Header, etag string, size int64) (ranges []byteRange, satisfiable bool) {
	asked := h["Range"]
	if len(asked) != 1 || size == 0 {
		return nil, true
	}
	// Neither a date nor a weak tag matches: there is no Last-Modified, and our tags are strong.
	if condition := h["If-Range"]; len(condition) > 0 && condition[0] != etag {
		return nil, true
	}
	unit, list, ok := strings.Cut(asked[0], "=")
	if !ok || !strings.EqualFold(trim(unit), "bytes") || strings.Count(list, ",") >= maxRanges {
		return nil, true
	}
	any, total := false, int64(0)
	for item := range strings.SplitSeq(list, ",") {
		if item = trim(item); item == "" {
			continue
		}
		r, ok := parseRange(item, size)
		if !ok {
			return nil, true
		}
		any = true
		if r.length == 0 {
			continue
		}
		ranges = append(ranges, r)
		total += r.length
	}
	if !any || total > size {
		return nil, true
	}
	return ranges, len(ranges) > 0
}

// parseRange parses "first-last", "first-" or "-length". A range behind the end of the file has length 0.
func parseRange(s string, size int64) (byteRange, bool) {
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return byteRange{}, false
	}
	if first == "" {
		n, ok := position(last)
		n = min(n, size)
		return byteRange{size - n, n}, ok
	}
	start, ok := position(first)
	if !ok {
		return byteRange{}, false
	}
	end := size - 1
	if last != "" {
		n, ok := position(last)
		if !ok || n < start {
			return byteRange{}, false
		}
		end = min(end, n)
	}
	if start >= size {
		return byteRange{}, true
	}
	return byteRange{start, end - start + 1}, true
}

// position parses decimal digits; a number that is too large becomes the largest.
func position(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}
