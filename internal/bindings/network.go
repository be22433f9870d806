package bindings

import (
	"context"
	"strconv"

	"fazt/internal/egress"
	"fazt/internal/runtime"
	"fazt/internal/runtime/fetch"
	"fazt/internal/runtime/httpfn"
	"fazt/internal/runtime/wasmapi"
	"fazt/internal/runtime/webapi"
	"fazt/internal/system"
)

// Tables returns the host functions of an engine: for the web-standard API, for incoming requests, and for requests that
// functions send through the gate.
func Tables(g *egress.Gate, limits func() system.Runtime) []runtime.Table {
	return []runtime.Table{webapi.Table(func() int64 { return limits().CacheMemory }), wasmapi.Table(), httpfn.Table(), fetch.Table(network{g})}
}

// network adapts the gate for functions.
type network struct{ gate *egress.Gate }

func (n network) Begin(appID, requestID string) fetch.Account {
	return account{n.gate.Begin(appID, requestID)}
}

type account struct{ run *egress.Run }

func (a account) Do(ctx context.Context, o fetch.Outgoing) (*fetch.Reply, error) {
	answer, err := a.run.Do(ctx, call(o))
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseInt(answer.Header.Get("Content-Length"), 10, 64)
	if err != nil {
		size = -1
	}
	return &fetch.Reply{
		Status: answer.Status, StatusText: answer.StatusText, URL: answer.URL, Headers: answer.Header, Redirected: answer.Redirected, FromKept: answer.Cached,
		Body: answer.Body, Size: size,
	}, nil
}

func (a account) Refuse(o fetch.Outgoing, err error) { a.run.Refuse(call(o), err) }

func call(o fetch.Outgoing) egress.Call {
	return egress.Call{
		Method: o.Method, URL: o.URL, Header: o.Headers, Body: o.Body, Size: o.Size, Auth: o.Auth, Timeout: o.Timeout, Redirect: o.Redirect, Cache: o.Cache,
	}
}
