package sqlite

import (
	"unicode/utf8"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// longestPattern is the longest pattern of LIKE and GLOB, in bytes.
const longestPattern = 256

// piece is a part of a pattern: any text, any one character, or one character of a set.
type piece struct {
	any, one bool
	not      bool
	ranges   [][2]rune
}

// sqlLike implements like(Y, X) and like(Y, X, Z), which SQLite calls for X LIKE Y ESCAPE Z. Case is significant beyond
// ASCII only.
func sqlLike(tls *libc.TLS, ctx uintptr, argc int32, argv uintptr) {
	list, ok := patternTexts(tls, ctx, argv, int(argc))
	if !ok {
		return
	}
	escape := rune(-1)
	if argc == 3 {
		by := runes(list[2])
		if len(by) != 1 {
			giveError(tls, ctx, "ESCAPE expression must be a single character")
			return
		}
		escape = by[0]
	}
	giveMatch(tls, ctx, likeSteps(runes(list[0]), escape), list[1], foldASCII)
}

// sqlGlob implements glob(Y, X), which SQLite calls for X GLOB Y.
func sqlGlob(tls *libc.TLS, ctx uintptr, _ int32, argv uintptr) {
	if list, ok := patternTexts(tls, ctx, argv, 2); ok {
		giveMatch(tls, ctx, globSteps(runes(list[0])), list[1], func(r rune) rune { return r })
	}
}

func patternTexts(tls *libc.TLS, ctx, argv uintptr, n int) (list [3][]byte, ok bool) {
	if isBlob(tls, argument(argv, 0)) || isBlob(tls, argument(argv, 1)) { // blobs never match
		giveBool(tls, ctx, false)
		return list, false
	}
	if list, ok = texts(tls, ctx, argv, n); ok && len(list[0]) > longestPattern {
		giveError(tls, ctx, "LIKE or GLOB pattern too complex")
		return list, false
	}
	list[0], list[1] = beforeNUL(list[0]), beforeNUL(list[1])
	return list, ok
}

func giveMatch(tls *libc.TLS, ctx uintptr, steps []piece, subject []byte, fold func(rune) rune) {
	stop := func() bool { return false }
	if a := allowanceOf(tls); a != nil {
		stop = a.over.Load
	}
	matched, ended := match(steps, subject, fold, stop)
	if !ended {
		lib.Xsqlite3_result_error_nomem(tls, ctx) // as for everything that is interrupted there
		return
	}
	giveBool(tls, ctx, matched)
}

// runes decodes a text as SQLite does.
func runes(text []byte) (list []rune) {
	for len(text) > 0 {
		r, size := decode(text)
		list, text = append(list, r), text[size:]
	}
	return list
}

// decode decodes a character as SQLite does: a first byte and all continuation bytes, however many it announces.
func decode(text []byte) (r rune, size int) {
	r, size = rune(text[0]), 1
	if r < 0xc0 {
		return r, size
	}
	switch {
	case r < 0xe0:
		r &= 0x1f
	case r < 0xf0:
		r &= 0x0f
	case r < 0xf8:
		r &= 0x07
	case r < 0xfc:
		r &= 0x03
	case r < 0xfe:
		r &= 0x01
	default:
		r = 0
	}
	for size < len(text) && text[size]&0xc0 == 0x80 {
		r = r<<6 + rune(text[size]&0x3f)
		size++
	}
	if r < 0x80 || r&^0x7ff == 0xd800 || r&^1 == 0xfffe {
		r = utf8.RuneError
	}
	return r, size
}

func foldASCII(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func likeSteps(pattern []rune, escape rune) (steps []piece) {
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == escape:
			escaped = true
			continue
		case !escaped && r == '%':
			steps = append(steps, piece{any: true})
		case !escaped && r == '_':
			steps = append(steps, piece{one: true})
		default:
			r = foldASCII(r)
			steps = append(steps, piece{ranges: [][2]rune{{r, r}}})
		}
		escaped = false
	}
	if escaped { // nothing follows the escape: no text matches
		steps = append(steps, piece{})
	}
	return steps
}

func globSteps(pattern []rune) (steps []piece) {
	for len(pattern) > 0 {
		r := pattern[0]
		pattern = pattern[1:]
		switch r {
		case '*':
			steps = append(steps, piece{any: true})
		case '?':
			steps = append(steps, piece{one: true})
		case '[':
			var s piece
			s, pattern = globClass(pattern)
			steps = append(steps, s)
		default:
			steps = append(steps, piece{ranges: [][2]rune{{r, r}}})
		}
	}
	return steps
}

// globClass parses what follows a [: characters and ranges up to a ], which may itself be the first of them. A class
// without an end matches nothing.
func globClass(pattern []rune) (s piece, rest []rune) {
	if len(pattern) > 0 && pattern[0] == '^' {
		s.not, pattern = true, pattern[1:]
	}
	prior := rune(0) // what a range may start with: not the end of another, and not a ] at the front
	for i := 0; i < len(pattern); i++ {
		switch r := pattern[i]; {
		case r == ']' && i > 0:
			return s, pattern[i+1:]
		case r == '-' && prior > 0 && i+1 < len(pattern) && pattern[i+1] != ']':
			i++
			s.ranges = append(s.ranges, [2]rune{prior, pattern[i]})
			prior = 0
		default:
			s.ranges = append(s.ranges, [2]rune{r, r})
			if prior = r; r == ']' {
				prior = 0
			}
		}
	}
	return piece{}, nil
}

func (s piece) takes(r rune) bool {
	if s.one {
		return true
	}
	for _, span := range s.ranges {
		if span[0] <= r && r <= span[1] {
			return !s.not
		}
	}
	return s.not
}

// match reports whether the pieces match all of the subject. If one does not, only the last piece of any length needs
// to grow, so the time grows at worst with the product of the lengths; ended is false if it was interrupted.
func match(steps []piece, subject []byte, fold func(rune) rune, stop func() bool) (matched, ended bool) {
	at, from := 0, 0          // in steps, in subject
	backAt, backFrom := -1, 0 // after the last piece of any length, and what it ends before
	for tries := 0; ; tries++ {
		if tries&0xffff == 0xffff && stop() {
			return false, false
		}
		if at < len(steps) && steps[at].any {
			at++
			backAt, backFrom = at, from
			if at == len(steps) {
				return true, true
			}
			continue
		}
		if from == len(subject) {
			return at == len(steps), true
		}
		r, size := decode(subject[from:])
		if at < len(steps) && steps[at].takes(fold(r)) {
			at, from = at+1, from+size
			continue
		}
		if backAt < 0 {
			return false, true
		}
		_, size = decode(subject[backFrom:])
		backFrom += size
		at, from = backAt, backFrom
	}
}
