package quickjs

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Thrown is an exception of the script.
type Thrown struct {
	Message string        // "TypeError: x is not a function"
	Stack   string        // error.stack
	Shown   string        // the value as Realm.Inspect shows it; "" when it does not
	Code    string        // error.code, "" when there is none
	Retry   bool          // error.retryable
	After   time.Duration // error.retryAfter, which is in seconds; 0 = unknown
}

func (t *Thrown) Error() string { return t.Message }

// IsOutOfMemory reports whether err is what the engine throws when the memory of its isolate is used up. Scripts cannot catch it.
func IsOutOfMemory(err error) bool {
	t := (*Thrown)(nil)
	return errors.As(err, &t) && strings.HasPrefix(t.Message, "InternalError: out of memory")
}

// Exception takes the pending exception out of the realm.
func (r *Realm) Exception() error {
	v := r.Pending()
	defer r.Free(v)
	if r.expired() {
		return r.Overtime()
	}
	return r.Describe(v)
}

// Pending takes the pending exception out of the realm as it is.
func (r *Realm) Pending() Value {
	r.inside++
	v := Value(r.m.XJS_GetException(r.ctx))
	r.inside--
	return v
}

// DropException forgets the pending exception.
func (r *Realm) DropException() { r.Free(r.Pending()) }

// longestRetry is how long a script may tell visitors to wait.
const longestRetry = 24 * time.Hour

// Describe makes an error of any value that was thrown; whatever its getters do, it ends.
func (r *Realm) Describe(v Value) error {
	defer func(before bool) { r.exhausted = before }(r.exhausted) // without memory it says less
	t := &Thrown{Shown: r.inspect(v)}
	if !isObject(v) || r.m.XJS_IsError(int64(v)) == 0 {
		text, ok := r.Text(v)
		if !ok {
			r.DropException()
			text = "a value that cannot be shown"
		}
		t.Message = "thrown: " + text
		if t.Shown != "" {
			t.Shown = "thrown: " + t.Shown
		}
		return t
	}
	name, message := r.property(v, "name"), r.property(v, "message")
	t.Message = strings.TrimSuffix(name+": "+message, ": ")
	t.Stack, t.Code = r.property(v, "stack"), r.property(v, "code")
	t.Retry = r.property(v, "retryable") == "true"
	if after, err := strconv.ParseFloat(r.property(v, "retryAfter"), 64); err == nil && after > 0 {
		t.After = time.Duration(min(after, longestRetry.Seconds()) * float64(time.Second))
	}
	return t
}

// inspect returns a value as Inspect shows it, or "" if there is no such function or it fails.
func (r *Realm) inspect(v Value) string {
	if !isObject(r.Inspect) || r.expired() {
		return ""
	}
	shown := r.callFor(r.Inspect, Undefined(), v)
	defer r.Free(shown)
	if r.panicked != nil || !IsString(shown) {
		if IsException(shown) {
			r.DropException()
		}
		return ""
	}
	text, ok := r.Text(shown)
	if !ok {
		r.DropException()
	}
	return text
}

// property is a property of an error as text; "" when it is missing or resists.
func (r *Realm) property(object Value, name string) string {
	v := r.Get(object, name)
	defer r.Free(v)
	if IsException(v) {
		r.DropException()
		return ""
	}
	if IsUndefined(v) {
		return ""
	}
	s, ok := r.Text(v)
	if !ok {
		r.DropException()
	}
	return s
}

// Unhandled turns what promises were rejected without a listener into errors, oldest first.
func (r *Realm) Unhandled() []error {
	var list []error
	for _, reason := range r.rejections {
		list = append(list, r.Describe(reason))
	}
	r.dropRejections()
	return list
}

func (r *Realm) dropRejections() {
	for p, reason := range r.rejections {
		r.Free(reason)
		delete(r.rejections, p)
	}
}

// rejected is called by the engine when a promise is rejected without a listener, and again when one comes after all.
func (r *Realm) rejected(promise, reason Value, handled bool) {
	key := payload(promise)
	if handled {
		if v, ok := r.rejections[key]; ok {
			delete(r.rejections, key)
			r.Free(v)
		}
		return
	}
	if len(r.rejections) < 100 {
		r.rejections[key] = r.Dup(reason)
	}
}
