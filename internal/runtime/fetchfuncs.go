package runtime

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/header"
)

// fetchFuncs call other servers.
func fetchFuncs() hostTable {
	return hostTable{
		"fetch":      promised(fetchArgs),
		"fetchNext":  promised(func(inv *Invocation, a args) (int32, error) { return inv.fetchNext(a.id(0)) }),
		"fetchRest":  promised(func(inv *Invocation, a args) (int32, error) { return inv.fetchRest(a.id(0)) }),
		"fetchWrite": promised(func(inv *Invocation, a args) (int32, error) { return inv.fetchWrite(a.id(0), a.data(1), false) }),
		"fetchEnd":   promised(func(inv *Invocation, a args) (int32, error) { return inv.fetchWrite(a.id(0), nil, true) }),
		"fetchWait": func(a args) (quickjs.Value, error) {
			if a.vm.inv == nil {
				return quickjs.Undefined(), errNetOver
			}
			return a.vm.inv.fetchWait(a.vm, a.id(0))
		},
		"fetchTaken": notice(func(inv *Invocation, a args) { inv.fetchTaken(a.id(0)) }),
		// fetchRefused(method, url, reason)
		"fetchRefused": notice(func(inv *Invocation, a args) {
			inv.fetchRefused(Outgoing{Method: a.text(0), URL: a.text(1)}, a.text(2))
		}),
		"fetchCancel": notice(func(inv *Invocation, a args) { inv.fetchCancel(a.id(0)) }),
	}
}

// fetchArgs starts a call: fetch(method, url, headers, body, upload, whole, auth, timeout, redirect, cache).
func fetchArgs(inv *Invocation, a args) (int32, error) {
	if len(a.list) < 10 {
		return 0, errs.New(errs.Invalid, "too few arguments")
	}
	o := Outgoing{Method: a.text(0), URL: a.text(1), Headers: readHeaders(a.text(2)), Auth: a.text(6), Redirect: a.text(8), Cache: a.text(9)}
	if ms := a.number(7); ms > 0 {
		o.Timeout = time.Duration(max(1, min(ms, 1e9)) * float64(time.Millisecond))
	}
	if body, ok := a.vm.realm.Bytes(a.value(3)); ok {
		o.Body, o.Size = bytes.NewReader(body), int64(len(body))
	} else if quickjs.IsString(a.value(3)) {
		s := a.text(3)
		o.Body, o.Size = strings.NewReader(s), int64(len(s))
	}
	return inv.newFetch(o, a.flag(5), a.flag(4))
}

// replyValue is an answer as the script gets it. There is a body unless it is undefined.
func (vm *VM) replyValue(f *fetch) quickjs.Value {
	r, v := vm.realm, vm.realm.NewObject()
	body := quickjs.Undefined()
	if f.body != nil {
		if body = vm.bodyValue(f.body); quickjs.IsException(body) {
			r.Free(v)
			return body
		}
	}
	r.Set(v, "status", quickjs.Int(int32(f.reply.Status)))
	r.Set(v, "statusText", r.NewString(header.FromLatin1(f.reply.StatusText)))
	r.Set(v, "url", r.NewString(f.reply.URL))
	r.Set(v, "redirected", quickjs.Bool(f.reply.Redirected))
	r.Set(v, "cached", quickjs.Bool(f.reply.FromKept))
	r.Set(v, "headers", r.NewString(flatHeaders(f.reply.Headers)))
	if f.body != nil {
		r.Set(v, "body", body)
	}
	return v
}

// flatHeaders are headers as the prelude reads them: lines of names, in lower case, and values in turn.
func flatHeaders(h http.Header) string {
	var b strings.Builder
	for name, values := range h {
		name = strings.ToLower(name)
		for _, v := range values {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(name)
			b.WriteByte('\n')
			b.WriteString(header.FromLatin1(v))
		}
	}
	return b.String()
}

// readHeaders is the reverse of flatHeaders, for what a script sends. A line too many is left out, and so is a value that
// the prelude would not have let through.
func readHeaders(flat string) http.Header {
	h := http.Header{}
	for flat != "" {
		var name, value string
		var ok bool
		if name, flat, ok = strings.Cut(flat, "\n"); !ok {
			break
		}
		value, flat, _ = strings.Cut(flat, "\n")
		if value, ok = header.ToLatin1(value); ok {
			h.Add(name, value)
		}
	}
	header.JoinRepeated(h)
	return h
}
