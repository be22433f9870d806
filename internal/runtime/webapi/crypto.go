package webapi

import (
	"bytes"
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
			data, _ := a.Realm().Data(a.Value(1))
			sum, err := webcrypto.Digest(standardName(a.Text(0)), data)
			return returnsSum(a, sum, err)
		},
		"hmac": func(a runtime.Args) (quickjs.Value, error) {
			key, _ := a.Realm().Data(a.Value(1))
			data, _ := a.Realm().Data(a.Value(2))
			sum, err := webcrypto.HMAC(standardName(a.Text(0)), key, data)
			return returnsSum(a, sum, err)
		},
		"uuid": func(a runtime.Args) (quickjs.Value, error) { return a.Returns(uuid()) },
		"random": func(a runtime.Args) (quickjs.Value, error) {
			v, b := a.Realm().NewData(min(max(int(a.Number(0)), 0), 65536))
			_, err := rand.Read(b)
			return v, err
		},
	}
}

// subtle performs a call of crypto.subtle. It returns the result, or the id of a promise of it.
func (s *api) subtle(inv *runtime.Invocation, a runtime.Args) (quickjs.Value, error) {
	c, err := callOf(a)
	if err != nil {
		return quickjs.Undefined(), err
	}
	size := webcrypto.Memory(c)
	if !webcrypto.Long(c) {
		return done(a, c, size)
	}
	size += int64(len(c.Key) + len(c.Data) + len(c.Extra) + len(c.More))
	if err := a.Realm().Hold(size, inv.Charged()); err != nil {
		return quickjs.Undefined(), err
	}
	c.Key, c.Data, c.Extra, c.More = bytes.Clone(c.Key), bytes.Clone(c.Data), bytes.Clone(c.Extra), bytes.Clone(c.More)
	id, err := s.compute(inv, size, func() ([]byte, error) { return webcrypto.Do(c) })
	return quickjs.Int(id), err
}

// callOf returns the call that the arguments mean. Its bytes are those of the VM, and valid until the host function returns.
func callOf(a runtime.Args) (c webcrypto.Call, err error) {
	c = webcrypto.Call{Op: a.Text(0), Private: a.Flag(2)}
	if err := json.Unmarshal([]byte(a.Text(1)), &c.Algorithm); err != nil {
		return c, errs.New(errs.Invalid, "the algorithm has an invalid member")
	}
	for i, into := range []*[]byte{&c.Key, &c.Data, &c.Extra, &c.More} {
		*into, _ = a.Realm().Data(a.Value(3 + i))
	}
	return c, nil
}

// done performs a call now. It holds size bytes besides its arguments.
func done(a runtime.Args, c webcrypto.Call, size int64) (quickjs.Value, error) {
	if err := a.Realm().Hold(size, 0); err != nil {
		return quickjs.Undefined(), err
	}
	result, err := webcrypto.Do(c)
	return outcome(a.Realm(), result, err), nil
}

// computed performs a call for a module of Node.js, whose functions return results rather than promises.
func computed(a runtime.Args) (quickjs.Value, error) {
	c, err := callOf(a)
	if err != nil {
		return quickjs.Undefined(), err
	}
	c.Sync = true
	return done(a, c, webcrypto.Memory(c))
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
func outcome(r *quickjs.Realm, result []byte, err error) quickjs.Value {
	if err == nil {
		v, to := r.NewData(1 + len(result))
		if to != nil {
			to[0] = 0
			copy(to[1:], result)
		}
		return v
	}
	var known *webcrypto.Error
	if !errors.As(err, &known) {
		known = &webcrypto.Error{Name: webcrypto.Operation, Message: "the operation failed"}
	}
	return r.NewBytes([]byte("\x01" + known.Name + "\n" + known.Message))
}

// compute runs something that takes a while and cannot be stopped alongside the VM. Such work of all apps together gets half of the
// processors. It holds size bytes.
func (s *api) compute(inv *runtime.Invocation, size int64, fn func() ([]byte, error)) (int32, error) {
	id, err := inv.NewID()
	if err != nil {
		return 0, err
	}
	inv.StartCall(id, func() runtime.Outcome {
		if err := inv.Charge(size); err != nil {
			return runtime.Outcome{Err: err}
		}
		select {
		case s.computing <- struct{}{}:
		case <-inv.Context().Done():
			return runtime.Outcome{Err: quickjs.ErrDeadline}
		}
		defer func() { <-s.computing }()
		result, err := fn()
		return runtime.Outcome{Charged: size, Value: func(r *quickjs.Realm) quickjs.Value { return outcome(r, result, err) }}
	})
	return id, nil
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
