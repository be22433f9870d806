package runtime

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/webcrypto"
)

// cryptoFuncs are crypto.subtle, the hashes of the modules of Node.js, and random numbers.
func cryptoFuncs() hostTable {
	return hostTable{
		"subtle": during(subtle),
		"digest": func(a args) (quickjs.Value, error) {
			sum, err := webcrypto.Digest(standardName(a.text(0)), a.data(1))
			return a.returnsSum(sum, err)
		},
		"hmac": func(a args) (quickjs.Value, error) {
			sum, err := webcrypto.HMAC(standardName(a.text(0)), a.data(1), a.data(2))
			return a.returnsSum(sum, err)
		},
		"uuid": func(a args) (quickjs.Value, error) { return a.returns(uuid()) },
		"random": func(a args) (quickjs.Value, error) {
			b := make([]byte, min(max(int(a.number(0)), 0), 65536))
			_, err := rand.Read(b)
			return a.vm.realm.NewBytes(b), err
		},
	}
}

// subtle carries out a call of crypto.subtle. It returns the result, or the id under which that is told later.
func subtle(inv *Invocation, a args) (quickjs.Value, error) {
	c := webcrypto.Call{Op: a.text(0), Private: a.flag(2), Key: a.data(3), Data: a.data(4), Extra: a.data(5), More: a.data(6)}
	if err := json.Unmarshal([]byte(a.text(1)), &c.Algorithm); err != nil {
		return quickjs.Undefined(), errs.New(errs.Invalid, "the algorithm has a member that cannot be used")
	}
	if !webcrypto.Long(c) {
		return a.vm.realm.NewBytes(outcome(webcrypto.Do(c))), nil
	}
	id, err := inv.compute(int64(len(c.Key)+len(c.Data)+len(c.Extra)+len(c.More)), func() []byte { return outcome(webcrypto.Do(c)) })
	return quickjs.Int(id), err
}

// returnsSum is a hash as the result of the call.
func (a args) returnsSum(sum []byte, err error) (quickjs.Value, error) {
	if err != nil {
		return quickjs.Undefined(), errs.New(errs.Unsupported, "%s", err)
	}
	return a.vm.realm.NewBytes(sum), nil
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

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
