package listener

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// framing follows what a client sends and says where it stops being HTTP/1 that every reader understands alike. net/http
// is lenient about how messages are delimited (a line that ends with LF alone, two equal lengths, a coding in HTTP/1.0); where a
// proxy before it reads otherwise, one sees a body and the other a second request. So everything is refused here that RFC 9112
// leaves room for, before net/http can see the end of the line it is in.
//
// It agrees with net/http on where each message ends, because what it lets pass has at most one length of digits alone, or
// the one coding "chunked": nothing about it is open to interpretation.
type framing struct {
	part  part
	line  []byte // the beginning of a line whose end has not come
	left  uint64 // bytes still to come, of a body or a chunk
	heads int    // that have come whole

	// Of the head that is coming, or came last.
	post      bool // the method is POST, after which clients of old send one line break too many
	skipped   bool // and it has come
	minor     byte // of the version: '0' or '1'
	hosts     int
	host      string // compared with authority
	authority string // of a target in absolute form; "" = another form
	length    uint64
	lengths   int
	chunked   bool
}

// part is where in a message the next byte belongs. From chunkSize on, the line is one of a body.
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

// mostLine bounds lines between chunks, in bytes. Those of a head are bounded by net/http, which reads no more of one
// than it may have.
const mostLine = 4 << 10

// pass says how much of p may be handed on, and why no more: the end of the line at fault stays behind.
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
			if f.part >= chunkSize && len(f.line) > mostLine {
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
	if cap(f.line) > mostLine && len(f.line) == 0 {
		f.line = nil
	}
	return len(p), nil
}

// after is what follows the last byte of a body or of a chunk.
func (f *framing) after() part {
	if f.part == chunkBytes {
		return chunkEnd
	}
	return requestLine
}

// begun is how many bytes of a head have come that is not whole; 4 stands for more.
func (f *framing) begun() int {
	switch {
	case f.part == headerLine:
		return 4
	case f.part == requestLine && string(f.line) != "\r":
		return min(len(f.line), 4)
	}
	return 0
}

// take takes a line, without its LF.
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

// request takes a request line.
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
		if c <= ' ' || c == 0x7f { // bytes above it are against the RFC, but curl sends them and they delimit nothing
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

// isMethod allows what nginx allows: methods are case-sensitive, and all that exist are capitals.
func isMethod(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(b) > 0
}

// authority is that of a target in absolute form; "" = it is in none.
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

// field cuts a header line. A line that is folded (obs-fold) begins with a space, which no name has.
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
	return name, bytes.Trim(value, " "), nil // a tab there is legal, but nginx takes it for part of a value
}

// token are the bytes of a name (RFC 9110, section 5.6.2).
var token = func() (is [256]bool) { //nolint:gochecknoglobals // a table that nothing changes
	for c := range is {
		is[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c > 0 && c < 0x7f && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0
	}
	return is
}()

// framer says which of the headers that delimit a message a name is; 0 = none.
func framer(name []byte) (which byte) {
	switch len(name) { // before anything is compared
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

// header takes a header line.
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

// endHead decides how the body is delimited.
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

// chunk takes the line before a chunk: its size, and perhaps extensions, which mean nothing.
func (f *framing) chunk(line []byte) error {
	size, extension, extended := bytes.Cut(line, []byte(";"))
	if len(size) == 0 || len(size) > 15 || len(line) > mostLine {
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

// trailer checks a line after the last chunk. What delimits messages cannot come there.
func trailer(line []byte) error {
	name, _, err := field(line)
	if err == nil && framer(name) != 0 {
		err = errTrailer
	}
	return err
}

// Why a connection is read no further. net/http answers all of them with status 400 and closes.
var (
	errBareLF      = errors.New("a line does not end with CR LF")
	errRequestLine = errors.New("the request line is not one of HTTP/1.0 or HTTP/1.1")
	errTarget      = errors.New("the target of the request is not a path, nor an address")
	errHeader      = errors.New("a header line has no valid name, is folded, or holds control characters")
	errHost        = errors.New("the header Host is missing, empty, repeated, or not that of the target")
	errLength      = errors.New("the header Content-Length is not one number")
	errCoding      = errors.New("the header Transfer-Encoding is not chunked alone, without a length, in HTTP/1.1")
	errChunk       = errors.New("a chunk is not delimited as it must be")
	errTrailer     = errors.New("a header that delimits messages stands in a trailer")
	errLongLine    = errors.New("a line between chunks is too long")
)
