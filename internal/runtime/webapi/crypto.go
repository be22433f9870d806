package webapi

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/webcrypto"
)

// cryptoFuncs are crypto.subtle, the hashes of the modules of Node.js, and random numbers.
func (s *api) cryptoFuncs() runtime.Table {
	return runtime.Table{
		"subtle":   runtime.During(s.subtle),
		"computed": computed,
		"digest": func(a runtime.Args) (quickjs.Value, error) {
			sum, err := webcrypto.Digest(standardName(a.Text(0)), a.Data(1))
			return returnsSum(a, sum, err)
		},
		"hmac": func(a runtime.Args) (quickjs.Value, error) {
			sum, err := webcrypto.HMAC(standardName(a.Text(0)), a.Data(1), a.Data(2))
			return returnsSum(a, sum, err)
		},
		"uuid": func(a runtime.Args) (quickjs.Value, error) { return a.Returns(uuid()) },
		"random": func(a runtime.Args) (quickjs.Value, error) {
			b := make([]byte, min(max(int(a.Number(0)), 0), 65536))
			_, err := rand.Read(b)
			return a.Realm().NewBytes(b), err
		},
	}
}

// subtle performs a call of crypto.subtle. It returns the result, or the id of a promise of it.
func (s *api) subtle(inv *runtime.Invocation, a runtime.Args) (quickjs.Value, error) {
	c := webcrypto.Call{Op: a.Text(0), Private: a.Flag(2), Key: a.Data(3), Data: a.Data(4), Extra: a.Data(5), More: a.Data(6)}
	if err := json.Unmarshal([]byte(a.Text(1)), &c.Algorithm); err != nil {
		return quickjs.Undefined(), errs.New(errs.Invalid, "the algorithm has an invalid member")
	}
	if !webcrypto.Long(c) {
		return a.Realm().NewBytes(outcome(webcrypto.Do(c))), nil
	}
	id, err := s.compute(inv, int64(len(c.Key)+len(c.Data)+len(c.Extra)+len(c.More)), func() []byte { return outcome(webcrypto.Do(c)) })
	return quickjs.Int(id), err
}

// computed performs a call for a module of Node.js, whose functions return results rather than promises.
func computed(a runtime.Args) (quickjs.Value, error) {
	c := webcrypto.Call{Op: a.Text(0), Private: a.Flag(2), Sync: true, Key: a.Data(3), Data: a.Data(4), Extra: a.Data(5), More: a.Data(6)}
	if err := json.Unmarshal([]byte(a.Text(1)), &c.Algorithm); err != nil {
		return quickjs.Undefined(), errs.New(errs.Invalid, "the algorithm has an invalid member")
	}
	return a.Realm().NewBytes(outcome(webcrypto.Do(c))), nil
}

// returnsSum returns a hash as the result of the call.
func returnsSum(a runtime.Args, sum []byte, err error) (quickjs.Value, error) {
	if err != nil {
		return quickjs.Undefined(), errs.New(errs.Unsupported, "%s", err)
	}
	return a.Realm().NewBytes(sum), nil
}

// standardName converts a name such as Node.js's sha256 to that of the standard.
func standardName(hash string) string {
	hash = strings.ToUpper(hash)
	if bits, ok := strings.CutPrefix(hash, "SHA"); ok && !strings.HasPrefix(bits, "-") {
		return "SHA-" + bits
	}
	return hash
}

// outcome encodes the result of a call as 0 and the result, or as 1 and the name and message of the error.
func outcome(result []byte, err error) []byte {
	if err == nil {
		return append([]byte{0}, result...)
	}
	var known *webcrypto.Error
	if !errors.As(err, &known) {
		known = &webcrypto.Error{Name: webcrypto.Operation, Message: "the operation failed"}
	}
	return []byte("\x01" + known.Name + "\n" + known.Message)
}

// compute runs something that takes a while and cannot be stopped alongside the VM. Such work of all apps together gets half of the
// processors. It holds size bytes, and its result is about as large.
func (s *api) compute(inv *runtime.Invocation, size int64, fn func() []byte) (int32, error) {
	id, err := inv.NewID()
	if err != nil {
		return 0, err
	}
	inv.StartCall(id, func() runtime.Outcome {
		if err := inv.Charge(2 * size); err != nil {
			return runtime.Outcome{Err: err}
		}
		select {
		case s.computing <- struct{}{}:
		case <-inv.Context().Done():
			return runtime.Outcome{Err: quickjs.ErrDeadline}
		}
		defer func() { <-s.computing }()
		result := fn()
		return runtime.Outcome{Charged: 2 * size, Value: func(r *quickjs.Realm) quickjs.Value { return r.NewBytes(result) }}
	})
	return id, nil
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
