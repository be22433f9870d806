package listener

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// framing follows what a client sends and finds where it stops being HTTP/1 that every program reads in the same way. net/http
// is lenient about how messages are delimited (a bare LF, two equal lengths, a coding in HTTP/1.0); if a proxy in front of it is
// not, one sees a body where the other sees a second request. So everything that RFC 9112 leaves open is refused here, before
// net/http can see the end of its line.
//
// It agrees with net/http on where each message ends, because it lets pass at most one length, of digits only, or the one
// coding "chunked".
type framing struct {
	part  part
	line  []byte // the beginning of an incomplete line
	left  uint64 // bytes still to come, of a body or a chunk
	heads int    // complete headers so far

	// Of the current header, or the last one.
	post      bool // the method is POST, after which old clients send an extra line break
	skipped   bool // that line break has come
	minor     byte // of the version: '0' or '1'
	hosts     int
	host      string // compared with authority
	authority string // of an absolute target; "" = the target is not absolute
	length    uint64
	lengths   int
	chunked   bool
}

// part is the part of a message that the next byte belongs to. From chunkSize on it is a line within a body.
type part uint8

const (
	requestLine part = iota
	headerLine
	bodyBytes
	chunkBytes
	chunkSize
	chunkEnd
	trailerLine
)

// maxLine is the maximum length of lines between chunks. net/http limits those of a header.
const maxLine = 4 << 10

// pass returns how much of p may be passed on, without the end of an offending line, and the error if that is not all.
func (f *framing) pass(p []byte) (int, error) {
	for at := 0; at < len(p); {
		if f.part == bodyBytes || f.part == chunkBytes {
			n := min(f.left, uint64(len(p)-at))
			at += int(n)
			if f.left -= n; f.left == 0 {
				f.part = f.after()
			}
			continue
		}
		end := bytes.IndexByte(p[at:], '\n')
		if end < 0 {
			f.line = append(f.line, p[at:]...)
			if f.part >= chunkSize && len(f.line) > maxLine {
				return at, errLongLine
			}
			break
		}
		line := p[at : at+end]
		if len(f.line) > 0 {
			line = append(f.line, line...)
			f.line = line[:0]
		}
		if err := f.take(line); err != nil {
			return at + end, err
		}
		at += end + 1
	}
	if cap(f.line) > maxLine && len(f.line) == 0 {
		f.line = nil
	}
	return len(p), nil
}

// after returns the part that follows the last byte of a body or of a chunk.
func (f *framing) after() part {
	if f.part == chunkBytes {
		return chunkEnd
	}
	return requestLine
}

// begun returns how many bytes of an incomplete header have come; 4 stands for more.
func (f *framing) begun() int {
	switch {
	case f.part == headerLine:
		return 4
	case f.part == requestLine && string(f.line) != "\r":
		return min(len(f.line), 4)
	}
	return 0
}

// take processes a line, without its LF.
func (f *framing) take(line []byte) error {
	if len(line) == 0 || line[len(line)-1] != '\r' {
		return errBareLF
	}
	line = line[:len(line)-1]
	switch f.part {
	case requestLine:
		return f.request(line)
	case headerLine:
		if len(line) == 0 {
			return f.endHead()
		}
		return f.header(line)
	case chunkSize:
		return f.chunk(line)
	case chunkEnd:
		f.part = chunkSize
		if len(line) > 0 {
			return errChunk
		}
	case trailerLine:
		if len(line) == 0 {
			f.part = requestLine
			return nil
		}
		return trailer(line)
	}
	return nil
}

// request checks a request line.
func (f *framing) request(line []byte) error {
	if len(line) == 0 {
		if !f.post || f.skipped {
			return errRequestLine
		}
		f.skipped = true
		return nil
	}
	method, rest, _ := bytes.Cut(line, space)
	cut := len(rest) - len(" HTTP/1.x")
	if cut < 1 || !isMethod(method) || string(rest[cut:cut+8]) != " HTTP/1." {
		return errRequestLine
	}
	*f = framing{part: headerLine, line: f.line, heads: f.heads, minor: rest[cut+8]}
	target := rest[:cut]
	if f.minor != '0' && f.minor != '1' {
		return errRequestLine
	}
	for _, c := range target {
		if c <= ' ' || c == 0x7f { // the RFC also forbids bytes above 0x7f, but curl sends them and they do not delimit anything
			return errTarget
		}
	}
	f.post = string(method) == "POST"
	if target[0] == '/' || string(method) == "CONNECT" {
		return nil
	}
	f.authority = authority(target)
	if f.authority == "" {
		return errTarget
	}
	return nil
}

var (
	space = []byte(" ")
	colon = []byte(":")
)

// isMethod allows what nginx allows: methods are case-sensitive, and all existing ones are upper case.
func isMethod(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(b) > 0
}

// authority returns the authority of an absolute target, or "".
func authority(target []byte) string {
	scheme, rest, ok := bytes.Cut(target, []byte("://"))
	if !ok || !bytes.EqualFold(scheme, []byte("http")) && !bytes.EqualFold(scheme, []byte("https")) {
		return ""
	}
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if bytes.IndexByte(rest, '@') >= 0 {
		return ""
	}
	return string(rest)
}

// field splits a header line. A folded line (obs-fold) begins with a space, which no name contains.
func field(line []byte) (name, value []byte, err error) {
	name, value, ok := bytes.Cut(line, colon)
	if !ok || len(name) == 0 {
		return nil, nil, errHeader
	}
	for _, c := range name {
		if !token[c] {
			return nil, nil, errHeader
		}
	}
	for _, c := range value {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, nil, errHeader
		}
	}
	return name, bytes.Trim(value, " "), nil // tabs are legal there, but nginx takes them for part of the value
}

// token has the bytes allowed in a name (RFC 9110 §5.6.2).
var token = func() (is [256]bool) { //nolint:gochecknoglobals // a table that nothing changes
	for c := range is {
		is[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 0 && c < 0x7f && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0
	}
	return is
}()

// framer returns which of the headers that delimit messages has the name; 0 = none.
func framer(name []byte) (which byte) {
	switch len(name) { // the cheapest comparison first
	case len("host"):
		if bytes.EqualFold(name, []byte("host")) {
			return 'h'
		}
	case len("content-length"):
		if bytes.EqualFold(name, []byte("content-length")) {
			return 'l'
		}
	case len("transfer-encoding"):
		if bytes.EqualFold(name, []byte("transfer-encoding")) {
			return 't'
		}
	}
	return 0
}

// header checks a header line.
func (f *framing) header(line []byte) (err error) {
	name, value, err := field(line)
	if err != nil {
		return err
	}
	switch framer(name) {
	case 'h':
		if f.hosts++; f.hosts > 1 || len(value) == 0 {
			return errHost
		}
		if f.authority != "" {
			f.host = string(value)
		}
	case 'l':
		if f.lengths++; f.lengths > 1 || f.chunked || !digits(value) {
			return errLength
		}
		f.length, err = strconv.ParseUint(string(value), 10, 63)
		if err != nil {
			return errLength
		}
	case 't':
		if f.chunked || f.lengths > 0 || f.minor == '0' || len(value) != len("chunked") || !bytes.EqualFold(value, []byte("chunked")) {
			return errCoding
		}
		f.chunked = true
	}
	return nil
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// endHead determines how the body is delimited.
func (f *framing) endHead() error {
	if f.hosts == 0 && f.minor == '1' || f.hosts > 0 && f.authority != "" && !strings.EqualFold(f.authority, f.host) {
		return errHost
	}
	f.heads++
	switch {
	case f.chunked:
		f.part = chunkSize
	case f.length > 0:
		f.part, f.left = bodyBytes, f.length
	default:
		f.part = requestLine
	}
	return nil
}

// chunk checks the line before a chunk: its size, and extensions, which are ignored.
func (f *framing) chunk(line []byte) error {
	size, extension, extended := bytes.Cut(line, []byte(";"))
	if len(size) == 0 || len(size) > 15 || len(line) > maxLine {
		return errChunk
	}
	for _, c := range extension {
		if c < ' ' && c != '\t' || c == 0x7f {
			return errChunk
		}
	}
	if extended && len(extension) == 0 {
		return errChunk
	}
	f.left = 0
	for _, c := range size {
		d := bytes.IndexByte([]byte("0123456789abcdef"), c|' ')
		if d < 0 || c < '0' {
			return errChunk
		}
		f.left = f.left<<4 | uint64(d)
	}
	f.part = chunkBytes
	if f.left == 0 {
		f.part = trailerLine
	}
	return nil
}

// trailer checks a line after the last chunk. Headers that delimit messages are not allowed there.
func trailer(line []byte) error {
	name, _, err := field(line)
	if err == nil && framer(name) != 0 {
		err = errTrailer
	}
	return err
}

// The reasons to refuse a connection. net/http responds to all of them with 400 and closes it.
var (
	errBareLF      = errors.New("a line does not end with CR LF")
	errRequestLine = errors.New("the request line is not valid HTTP/1.0 or HTTP/1.1")
	errTarget      = errors.New("the request target is neither a path nor a URL")
	errHeader      = errors.New("a header line has an invalid name, is folded, or has control characters")
	errHost        = errors.New("the Host header is missing, empty, repeated, or differs from the target")
	errLength      = errors.New("the Content-Length header is not a single number")
	errCoding      = errors.New("the Transfer-Encoding header is not just chunked, has a Content-Length as well, or is in HTTP/1.0")
	errChunk       = errors.New("a chunk is not delimited correctly")
	errTrailer     = errors.New("a trailer has a header that delimits messages")
	errLongLine    = errors.New("a line between chunks is too long")
)
