package runtime

import (
	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/codec"
)

const (
	// A compressor keeps up to a megabyte that no limit of a VM counts: so many may be open in one request, and so
	// many in all.
	maxCoders, maxCodersInAll = 8, 64
)

// coderFuncs compress and decompress streams.
func coderFuncs() hostTable {
	return hostTable{
		"coder": promised(func(inv *Invocation, a args) (int32, error) { return inv.newCoder(a.text(0), a.flag(1)) }),
		"code": during(func(inv *Invocation, a args) (quickjs.Value, error) {
			out, err := inv.code(a.id(0), a.data(1), a.flag(2))
			if err != nil || out == nil {
				return quickjs.Undefined(), err
			}
			return a.vm.realm.NewBytes(out), nil
		}),
		"endCoder": notice(func(inv *Invocation, a args) { inv.endCoder(a.id(0)) }),
	}
}

// newCoder opens a coder for the invocation.
func (inv *Invocation) newCoder(format string, decode bool) (int32, error) {
	if len(inv.coders) >= maxCoders {
		return 0, errs.New(errs.Unavailable, "more than %d streams of this request are being compressed", maxCoders)
	}
	if inv.engine.coders.Add(1) > maxCodersInAll {
		inv.engine.coders.Add(-1)
		return 0, errs.New(errs.Unavailable, "too many streams are being compressed; try again")
	}
	if inv.coders == nil {
		inv.coders = map[int32]codec.Coder{}
	}
	inv.nextID++
	inv.coders[inv.nextID] = codec.New(format, decode)
	return inv.nextID, nil
}

// code returns the next piece, or nil when there is no more. A coder that has ended is closed.
func (inv *Invocation) code(id int32, in []byte, end bool) ([]byte, error) {
	c, ok := inv.coders[id]
	if !ok {
		return nil, errs.New(errs.Invalid, "this stream has ended")
	}
	out, err := c.Code(in, end)
	if err != nil || out == nil && end {
		inv.endCoder(id)
	}
	return out, err
}

func (inv *Invocation) endCoder(id int32) {
	if c, ok := inv.coders[id]; ok {
		c.Close()
		delete(inv.coders, id)
		inv.engine.coders.Add(-1)
	}
}

// endCoders ends what an invocation left open.
func (inv *Invocation) endCoders() {
	for id := range inv.coders {
		inv.endCoder(id)
	}
}
