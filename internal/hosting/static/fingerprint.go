package static

import "strings"

// Values of Cache-Control. Files that are not named by their content are revalidated each time, which costs a 304: if
// they were cached for even a minute, an old script would meet a new page, the mix of two deployments that going live in
// one step prevents.
var (
	revalidate = []string{"no-cache"}
	noStore    = []string{"private, no-store"}
	immutable  = []string{"public, max-age=31536000, immutable"}
)

// buildFolders hold only files that are named by their content or their build.
var buildFolders = []string{"_next/static/", "_app/immutable/", "_nuxt/", "_astro/"}

// fingerprinted reports whether the file's name changes whenever its content does, as build tools arrange it:
// app-3f2a9c1b.js, app.3f2a9c1b.css, index-B7x9Kq2Z.js. It is strict: a file missed costs its visitors a 304, a file
// taken by mistake is stale for a year.
func fingerprinted(path string) bool {
	for _, folder := range buildFolders {
		if i := strings.Index(path, folder); i == 0 || i > 0 && path[i-1] == '/' {
			return true
		}
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	for token := range strings.FieldsFuncSeq(name[:dot], func(r rune) bool { return strings.ContainsRune(".-_~", r) }) {
		if hashLike(token) {
			return true
		}
	}
	return false
}

// hashLike reports whether a part of a name looks like a hash: 8 or more hexadecimal digits (webpack, Next, Parcel), or
// exactly 8 characters of base32 (esbuild) or base62 (Vite, Rollup). It must change between letters and digits at least
// twice, which dates and words with a number do not.
func hashLike(token string) bool {
	if len(token) < 8 || len(token) > 64 {
		return false
	}
	var digits, lower, upper, hex, changes int
	base32 := true // A-Z and 2-7
	wasDigit := false
	for i := range len(token) {
		c := token[i]
		isDigit := '0' <= c && c <= '9'
		switch {
		case isDigit:
			digits++
			base32 = base32 && '2' <= c && c <= '7'
		case 'a' <= c && c <= 'z':
			lower++
			if c <= 'f' {
				hex++
			}
		case 'A' <= c && c <= 'Z':
			upper++
		default:
			return false
		}
		if i > 0 && isDigit != wasDigit {
			changes++
		}
		wasDigit = isDigit
	}
	switch {
	case changes < 2:
		return false
	case hex+digits == len(token):
		return true
	}
	return len(token) == 8 && upper > 0 && (lower > 0 || base32)
}
