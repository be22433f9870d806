package hosting

import (
	"math"
	"net/http"
	"strconv"
	"strings"
)

// byteRange is a part of a file.
type byteRange struct{ start, length int64 }

// contentRange is the part as Content-Range tells it.
func (r byteRange) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(r.start, 10) + "-" + strconv.FormatInt(r.start+r.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

// maxRanges is how many parts one request may ask for. Players ask for one, readers of PDF files for a handful.
const maxRanges = 16

// requestedRanges are the parts of a file of the given size that a request asks for (RFC 9110, section 14). None means
// that the whole file is to be sent: nothing was asked, the file has changed since (If-Range), the header
// cannot be read, or what it asks for is abuse: too many parts, or more bytes than the file has. possible is false
// when no part that is asked for exists.
func requestedRanges(h http.Header, etag string, size int64) (ranges []byteRange, possible bool) {
	asked := h["Range"]
	if len(asked) != 1 || size == 0 {
		return nil, true
	}
	// A date never holds here, for there is no Last-Modified; a weak tag never does.
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

// parseRange reads "first-last", "first-" or "-last bytes". A part that lies behind the end has length 0.
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

// position reads decimal digits; what is too large for a file counts as the largest there is.
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
