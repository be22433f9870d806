package bindings

import (
	"context"
	"strconv"

	"fazt/internal/egress"
	"fazt/internal/runtime"
)

// Network is the gate as functions go through it.
func Network(g *egress.Gate) runtime.Network { return network{g} }

type network struct{ gate *egress.Gate }

func (n network) Begin(appID, requestID string) runtime.Account {
	return account{n.gate.Begin(appID, requestID)}
}

type account struct{ run *egress.Run }

func (a account) Do(ctx context.Context, o runtime.Outgoing) (*runtime.Reply, error) {
	answer, err := a.run.Do(ctx, call(o))
	if err != nil {
		return nil, err
	}
	size, err := strconv.ParseInt(answer.Header.Get("Content-Length"), 10, 64)
	if err != nil {
		size = -1
	}
	return &runtime.Reply{
		Status: answer.Status, StatusText: answer.StatusText, URL: answer.URL, Headers: answer.Header, Redirected: answer.Redirected, FromKept: answer.Cached,
		Body: answer.Body, Size: size,
	}, nil
}

func (a account) Refuse(o runtime.Outgoing, err error) { a.run.Refuse(call(o), err) }

func call(o runtime.Outgoing) egress.Call {
	return egress.Call{
		Method: o.Method, URL: o.URL, Header: o.Headers, Body: o.Body, Size: o.Size, Auth: o.Auth, Timeout: o.Timeout, Redirect: o.Redirect, Cache: o.Cache,
	}
}
