// Package auth identifies callers: the users of the instance, their passwords, the API keys, and the Principal of a
// request.
package auth

import "context"

// Kind is the kind of caller. The zero value is an anonymous one.
type Kind uint8

// The kinds of caller.
const (
	Anonymous Kind = iota
	Owner          // the owner of the instance: may do everything
	Key            // an API key: may do what its scopes allow
)

func (k Kind) String() string {
	switch k {
	case Owner:
		return "owner"
	case Key:
		return "key"
	}
	return "nobody"
}

// Principal is the caller of a request.
type Principal struct {
	Kind   Kind
	ID     string // of the user or key; "" if the socket vouches for the owner
	Name   string // for people and logs
	Scopes []Scope

	Address string // of the client; "" = this machine, through the socket or in process
}

type principalKey struct{}

// With adds a Principal to a context. Only the edges call it: it is trusted.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the caller, or the zero Principal if the context has none.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
