package bindings

import "fazt/internal/runtime/bind"

// net declares outbound requests. The runtime implements it next to fetch, because it can wait in two ways: blocking, or as a
// promise.
func net() bind.Namespace {
	return bind.Namespace{Path: "fazt.net", Doc: "Requests to other servers, limited to the domains allowed with `fazt net allow`. The same limits apply to fetch.", Members: []bind.Func{
		bind.Script("fetch(url: string | URL, options?: FaztNetOptions): FaztReply & PromiseLike<FaztReply>",
			"Sends a request. The reply can be used right away: reading it blocks until it has arrived. With await or Promise.all, several calls run concurrently. A failed call throws a FaztNetError when it is awaited or its reply is read."),
	}}
}
