package runtime

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/webcrypto"
)

// cryptography gives crypto.subtle, and the hashes of the modules of Node.js, to the prelude.
func (vm *VM) cryptography(functions map[string]quickjs.HostFunc) {
	r := vm.realm
	text := func(v quickjs.Value) string {
		s, ok := r.Text(v)
		if !ok {
			r.DropException()
		}
		return s
	}
	data := func(v quickjs.Value) []byte {
		b, _ := r.Bytes(v)
		return b
	}
	maps.Copy(functions, map[string]quickjs.HostFunc{
		// subtle carries out a call: what it gives now, or the number under which that comes.
		"subtle": func(args []quickjs.Value) (quickjs.Value, error) {
			inv := vm.inv
			if inv == nil {
				return quickjs.Undefined(), errs.New(errs.Invalid, "this is only possible while a request is served, not while the module loads")
			}
			private, _ := quickjs.ToNumber(args[2])
			c := webcrypto.Call{Op: text(args[0]), Private: private != 0, Key: data(args[3]), Data: data(args[4]), Extra: data(args[5]), More: data(args[6])}
			if err := json.Unmarshal([]byte(text(args[1])), &c.Algorithm); err != nil {
				return quickjs.Undefined(), errs.New(errs.Invalid, "the algorithm has a member that cannot be used")
			}
			if !webcrypto.Long(c) {
				return r.NewBytes(outcome(webcrypto.Do(c))), nil
			}
			id, err := inv.compute(int64(len(c.Key)+len(c.Data)+len(c.Extra)+len(c.More)), func() []byte { return outcome(webcrypto.Do(c)) })
			return quickjs.Int(id), err
		},
		"digest": func(args []quickjs.Value) (quickjs.Value, error) {
			sum, err := webcrypto.Digest(standardName(text(args[0])), data(args[1]))
			if err != nil {
				return quickjs.Undefined(), errs.New(errs.Unsupported, "%s", err)
			}
			return r.NewBytes(sum), nil
		},
		"hmac": func(args []quickjs.Value) (quickjs.Value, error) {
			sum, err := webcrypto.HMAC(standardName(text(args[0])), data(args[1]), data(args[2]))
			if err != nil {
				return quickjs.Undefined(), errs.New(errs.Unsupported, "%s", err)
			}
			return r.NewBytes(sum), nil
		},
	})
}

// standardName is the name by which the standard knows a hash that Node.js calls sha256.
func standardName(hash string) string {
	hash = strings.ToUpper(hash)
	if bits, ok := strings.CutPrefix(hash, "SHA"); ok && !strings.HasPrefix(bits, "-") {
		return "SHA-" + bits
	}
	return hash
}

// outcome is what a call gave, behind a 0, or behind a 1 the name and the text of its error.
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

// compute runs what takes its time, and cannot be stopped, alongside the VM. Half of the processors is all that such
// work of all apps may have. It holds so many bytes, and gives about as many.
func (inv *Invocation) compute(size int64, fn func() []byte) (int32, error) {
	id, err := inv.newID()
	if err != nil {
		return 0, err
	}
	inv.makeFinished()
	inv.pending++
	inv.hostCall(func() {
		if !inv.charge(2 * size) {
			inv.finished <- completion{id: id, err: errStarved}
			return
		}
		select {
		case inv.engine.computing <- struct{}{}:
		case <-inv.ctx.Done():
			inv.finished <- completion{id: id, err: quickjs.ErrDeadline}
			return
		}
		defer func() { <-inv.engine.computing }()
		result := fn()
		inv.finished <- completion{id: id, size: 2 * size, give: func(vm *VM) quickjs.Value { return vm.realm.NewBytes(result) }}
	})
	return id, nil
}
