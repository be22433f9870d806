package webapi

import (
	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime"
	"fazt/internal/runtime/codec"
)

// maxCoders and maxCodersInAll bound the number of open coders, per invocation and in total.
const maxCoders, maxCodersInAll = 8, 64

// coderMemory is about what a compressor holds, in bytes. What decompresses holds less.
const coderMemory = 1 << 20

// coderFuncs compress and decompress streams.
func (s *api) coderFuncs() runtime.Table {
	return runtime.Table{
		"coder": runtime.Promised(func(inv *runtime.Invocation, a runtime.Args) (int32, error) {
			if err := a.Realm().Hold(coderMemory, inv.Charged()); err != nil {
				return 0, err
			}
			return s.codersOf(inv).start(inv.NextID(), a.Text(0), a.Flag(1))
		}),
		"code": runtime.During(func(inv *runtime.Invocation, a runtime.Args) (quickjs.Value, error) {
			out, err := s.codersOf(inv).code(a.ID(0), piece(a, 1), a.Flag(4))
			if err != nil || out == nil {
				return quickjs.Undefined(), err
			}
			return a.Realm().NewBytes(out), nil
		}),
		"endCoder": runtime.Notice(func(inv *runtime.Invocation, a runtime.Args) { s.codersOf(inv).end(a.ID(0)) }),
	}
}

// coders are the open coders of an invocation.
type coders struct {
	api  *api
	inv  *runtime.Invocation
	open map[int32]codec.Coder
}

// codersKey is the key of an invocation's coders.
type codersKey struct{}

// codersOf returns the coders of an invocation. Those left open are closed when it ends.
func (s *api) codersOf(inv *runtime.Invocation) *coders {
	if c, ok := inv.Value(codersKey{}).(*coders); ok {
		return c
	}
	c := &coders{api: s, inv: inv, open: map[int32]codec.Coder{}}
	inv.SetValue(codersKey{}, c)
	inv.OnEnd(c.endAll)
	return c
}

// start opens a coder under an id.
func (c *coders) start(id int32, format string, decode bool) (int32, error) {
	if len(c.open) >= maxCoders {
		return 0, errs.New(errs.Unavailable, "more than %d streams of this request are being compressed", maxCoders)
	}
	if c.api.coders.Add(1) > maxCodersInAll {
		c.api.coders.Add(-1)
		return 0, errs.New(errs.Unavailable, "too many streams are being compressed; try again")
	}
	var err error
	c.inv.Pause(func() bool { err = c.inv.Charge(coderMemory); return err == nil })
	if err != nil {
		c.api.coders.Add(-1)
		return 0, err
	}
	c.open[id] = codec.New(format, decode)
	return id, nil
}

// code returns the next piece, or nil when there is no more. It closes a coder that has ended.
func (c *coders) code(id int32, in []byte, end bool) ([]byte, error) {
	coder, ok := c.open[id]
	if !ok {
		return nil, errs.New(errs.Invalid, "this stream has ended")
	}
	out, err := coder.Code(in, end)
	if err != nil || out == nil && end {
		c.end(id)
	}
	return out, err
}

func (c *coders) end(id int32) {
	if coder, ok := c.open[id]; ok {
		coder.Close()
		delete(c.open, id)
		c.api.coders.Add(-1)
		c.inv.Uncharge(coderMemory)
	}
}

func (c *coders) endAll() {
	for id := range c.open {
		c.end(id)
	}
}
