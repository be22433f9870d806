package runtime

import (
	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// During makes a HostFunc of a function that needs an invocation.
func During(fn func(inv *Invocation, a Args) (quickjs.Value, error)) HostFunc {
	return func(a Args) (quickjs.Value, error) {
		if a.vm.inv == nil {
			return quickjs.Undefined(), errs.New(errs.Invalid, "this is only possible while handling a request, not while the module loads")
		}
		return fn(a.vm.inv, a)
	}
}

// Promised makes a HostFunc of a function that starts something and returns the id under which its end is told.
func Promised(fn func(inv *Invocation, a Args) (int32, error)) HostFunc {
	return During(func(inv *Invocation, a Args) (quickjs.Value, error) {
		id, err := fn(inv, a)
		return quickjs.Int(id), err
	})
}

// Notice makes a HostFunc of a function that only tells the invocation something. Without one it does nothing.
func Notice(fn func(inv *Invocation, a Args)) HostFunc {
	return func(a Args) (quickjs.Value, error) {
		if a.vm.inv != nil {
			fn(a.vm.inv, a)
		}
		return quickjs.Undefined(), nil
	}
}

// Realm returns the realm of the caller.
func (a Args) Realm() *quickjs.Realm { return a.vm.realm }

// Invocation returns the invocation that the caller is part of; nil while a module loads.
func (a Args) Invocation() *Invocation { return a.vm.inv }

// Len returns the number of arguments.
func (a Args) Len() int { return len(a.list) }

// Value returns an argument, undefined if it is missing.
func (a Args) Value(i int) quickjs.Value {
	if i >= len(a.list) {
		return quickjs.Undefined()
	}
	return a.list[i]
}

// Text returns an argument as text.
func (a Args) Text(i int) string {
	if i >= len(a.list) {
		return ""
	}
	s, ok := a.Realm().Text(a.list[i])
	if !ok {
		a.Realm().DropException()
	}
	a.Realm().Require()
	return s
}

// Number returns an argument that is a number.
func (a Args) Number(i int) float64 {
	if i >= len(a.list) {
		return 0
	}
	n, _ := quickjs.ToNumber(a.list[i])
	return n
}

// ID returns an argument that is an id.
func (a Args) ID(i int) int32 { return int32(a.Number(i)) }

// Flag returns an argument that is a boolean.
func (a Args) Flag(i int) bool { return a.Number(i) != 0 }

// Data returns a copy of bytes.
func (a Args) Data(i int) []byte {
	if i >= len(a.list) {
		return nil
	}
	b, _ := a.Realm().Bytes(a.list[i])
	a.Realm().Require()
	return b
}

// Returns is a text as the result of the call.
func (a Args) Returns(text string) (quickjs.Value, error) { return a.Realm().NewString(text), nil }

// ReturnsIf is a text as the result of the call, or undefined.
func (a Args) ReturnsIf(text string, ok bool) (quickjs.Value, error) {
	if !ok {
		return quickjs.Undefined(), nil
	}
	return a.Returns(text)
}
