package bindings

import "fazt/internal/runtime/bind"

// net is the way out for functions. The machines have it themselves, as they have fetch: it must be able to wait in two ways.
func net() bind.Namespace {
	return bind.Namespace{Path: "fazt.net", Doc: "Requests to other servers, to the domains that were allowed with `fazt net allow`; fetch reaches the same.", Members: []bind.Func{
		bind.Script("fetch(url: string | URL, options?: FaztNetOptions): FaztReply & PromiseLike<FaztReply>",
			"Send a request. What the answer holds can be used at once, and the function stands still until it is there; with await, or Promise.all, several calls run at the same time. It fails with a FaztNetError when it is awaited, or what it holds is used."),
	}}
}
