package httpfn

import (
	"context"
	"html"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fazt/internal/errs"
	"fazt/internal/runtime/compile"
)

// isAuthor reports whether a request comes from the author of the app: this is a development server, and the request comes from
// this machine and is addressed to it. Requests through a tunnel or from another machine come from visitors.
func (v *visit) isAuthor() bool {
	if !v.inv.Function().Dev {
		return false
	}
	ip, err := netip.ParseAddr(v.inv.Function().ClientIP)
	if err != nil || !ip.Unmap().IsLoopback() {
		return false
	}
	host := v.r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// failToAuthor shows the author what the log says, as a page in a browser.
func (v *visit) failToAuthor(p *compile.Program, err error) {
	story := p.Trace(err)
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	status := errs.KindOf(visibleError(err)).HTTPStatus()
	if !strings.Contains(v.r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		v.w.WriteHeader(status)
		_, _ = v.w.Write([]byte("The function failed. Visitors of a deployed app see only a number here.\n\n" + story + "\n"))
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	v.w.WriteHeader(status)
	if v.r.Method == http.MethodHead {
		return
	}
	message, stack, _ := strings.Cut(story, "\n    at ")
	if stack != "" {
		stack = "    at " + stack
	}
	var page strings.Builder
	page.WriteString(devPageHead)
	page.WriteString("<p class=where>" + html.EscapeString(v.r.Method+" "+v.r.URL.Path) + "</p>\n<h1>" + html.EscapeString(message) + "</h1>\n")
	page.WriteString(v.codeFrame(stack))
	if stack != "" {
		page.WriteString("<pre class=stack>" + html.EscapeString(stack) + "</pre>\n")
	}
	page.WriteString("<p class=soft>The function failed. Visitors of a deployed app see only a number here. Save a file to try again.</p>\n</main>\n")
	_, _ = v.w.Write([]byte(page.String()))
}

// sourceTime bounds how long a source file may take to read.
const sourceTime = 200 * time.Millisecond

var sourcePlace = regexp.MustCompile(`([^\s()]+):(\d+):(\d+)`)

// codeFrame returns the lines around the first position of a stack that is in the author's own files.
func (v *visit) codeFrame(stack string) string {
	if v.inv.Function().Source == nil {
		return ""
	}
	for _, place := range sourcePlace.FindAllStringSubmatch(stack, 50) {
		file := place[1]
		line, _ := strconv.Atoi(place[2])
		column, _ := strconv.Atoi(place[3])
		if compile.InPackage(file) || line < 1 {
			continue
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.inv.Context()), sourceTime) // the time of the request may be over
		data, err := v.inv.Function().Source(ctx, file)
		cancel()
		if err != nil {
			continue
		}
		return "<p class=file>" + html.EscapeString(place[0]) + "</p>\n<pre>" + framed(strings.Split(string(data), "\n"), line, column) + "</pre>\n"
	}
	return ""
}

// framed returns a few lines around the marked one; line and column count from 1.
func framed(lines []string, line, column int) string {
	const around, widest = 3, 240
	var b strings.Builder
	for n := max(1, line-around); n <= min(len(lines), line+around); n++ {
		text := strings.ReplaceAll(strings.TrimRight(lines[n-1], "\r"), "\t", "    ")
		if r := []rune(text); len(r) > widest {
			text = string(r[:widest]) + "…"
		}
		number := strconv.Itoa(n)
		number = strings.Repeat(" ", max(0, 5-len(number))) + number + " | "
		if n != line {
			b.WriteString(html.EscapeString(number+text) + "\n")
			continue
		}
		before := lines[n-1][:min(max(column-1, 0), len(lines[n-1]))]
		indent := len([]rune(strings.ReplaceAll(before, "\t", "    ")))
		b.WriteString("<b>" + html.EscapeString(number+text) + "</b>\n")
		if indent <= widest {
			b.WriteString("      | <b>" + strings.Repeat(" ", indent) + "^</b>\n")
		}
	}
	return b.String()
}

const devPageHead = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The function failed</title>
<style>
:root { color-scheme: light dark; --ink: #1c1b1f; --soft: #6b6873; --paper: #faf9f7; --line: #e4e1dc; --mark: #c92a2a }
@media (prefers-color-scheme: dark) { :root { --ink: #ece9f1; --soft: #9a96a5; --paper: #161519; --line: #2d2b33; --mark: #ff8787 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main { max-width: 60rem; margin: 8vh auto; padding: 0 1.5rem }
h1 { margin: 0 0 1.5rem; font-size: 1.5rem; white-space: pre-wrap; overflow-wrap: anywhere; color: var(--mark) }
pre { margin: 0 0 1.5rem; padding: 1rem; border: 1px solid var(--line); border-radius: .6rem; font: .9rem/1.5 ui-monospace, monospace; overflow-x: auto }
pre b { color: var(--mark) }
.where, .file { margin: 0 0 .4rem; font: .9rem ui-monospace, monospace; color: var(--soft) }
.stack, .soft { color: var(--soft) }
</style>
<main>
`
