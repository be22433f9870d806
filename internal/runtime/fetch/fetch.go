// Package fetch sends requests of functions to other servers: fetch and fazt.net.fetch.
package fetch

import (
	"bytes"
	"strings"
	"time"

	"fazt/internal/errs"
	"fazt/internal/header"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
)

// Table returns the host functions for requests through a network. Without one, nothing can be sent.
func Table(network Network) runtime.Table {
	of := func(inv *runtime.Invocation) *calls { return callsOf(inv, network) }
	return runtime.Table{
		"fetch": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) { return fetchArgs(of(inv), a) }),
		"fetchNext": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) {
			return of(inv).next(a.ID(0))
		}),
		"fetchRest": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) {
			return of(inv).rest(a.ID(0))
		}),
		"fetchWrite": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) {
			return of(inv).write(a.ID(0), a.Data(1), false)
		}),
		"fetchEnd": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) {
			return of(inv).write(a.ID(0), nil, true)
		}),
		"fetchWait": func(a runtime.Args) (quickjs.Value, error) {
			if a.Invocation() == nil {
				return quickjs.Undefined(), errNetOver
			}
			return of(a.Invocation()).wait(a.Realm(), a.ID(0))
		},
		"fetchTaken": runtime.Notice(func(inv *runtime.Invocation, a runtime.Args) { of(inv).taken(a.ID(0)) }),
		// fetchRefused(method, url, reason)
		"fetchRefused": runtime.Notice(func(inv *runtime.Invocation, a runtime.Args) {
			of(inv).refused(Outgoing{Method: a.Text(0), URL: a.Text(1)}, a.Text(2))
		}),
		"fetchCancel": runtime.Notice(func(inv *runtime.Invocation, a runtime.Args) { of(inv).cancel(a.ID(0)) }),
	}
}

// fetchArgs starts a call: fetch(method, url, headers, body, upload, whole, auth, timeout, redirect, cache, assets).
func fetchArgs(c *calls, a runtime.Args) (int32, error) {
	if a.Len() < 11 {
		return 0, errs.New(errs.Invalid, "too few arguments")
	}
	o := Outgoing{Method: a.Text(0), URL: a.Text(1), Headers: header.Parse(a.Text(2)), Auth: a.Text(6), Redirect: a.Text(8), Cache: a.Text(9), Assets: a.Flag(10)}
	if ms := a.Number(7); ms > 0 {
		o.Timeout = time.Duration(max(1, min(ms, 1e9)) * float64(time.Millisecond))
	}
	if body := a.Data(3); body != nil {
		o.Body, o.Size = bytes.NewReader(body), int64(len(body))
	} else if quickjs.IsString(a.Value(3)) {
		s := a.Text(3)
		o.Body, o.Size = strings.NewReader(s), int64(len(s))
	}
	return c.start(o, a.Flag(5), a.Flag(4))
}
