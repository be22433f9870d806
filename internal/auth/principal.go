// Package auth knows who is calling: the people of the instance, their passwords, the API keys, and the Principal of a request.
package auth

import "context"

// Kind says what sort of caller a Principal is. The zero value is nobody.
type Kind uint8

// The kinds of caller.
const (
	Nobody Kind = iota
	Owner       // the owner of the instance: may do everything
	Key         // an API key: may do what its scopes say
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

// Principal is who is calling.
type Principal struct {
	Kind   Kind
	ID     string // of the user or the key; "" when the socket vouches for the owner
	Name   string // for people and logs
	Scopes []Scope

	Address string // of the client; "" = this machine, by the socket beside the database or in its process
}

type principalKey struct{}

// With puts a Principal into a context. Only the edges do that: what they put there is believed.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From is who is calling; nobody when the context does not say.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
