package runtime

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
)

// hostObject is what the prelude gets: the functions of the host, by name.
func (vm *VM) hostObject() quickjs.Value {
	r := vm.realm
	object := r.NewObject()
	text := func(args []quickjs.Value, i int) string {
		if i >= len(args) {
			return ""
		}
		s, ok := r.Text(args[i])
		if !ok {
			r.DropException()
		}
		return s
	}
	num := func(args []quickjs.Value, i int) float64 {
		if i >= len(args) {
			return 0
		}
		n, _ := quickjs.ToNumber(args[i])
		return n
	}
	data := func(args []quickjs.Value, i int) []byte {
		if i >= len(args) {
			return nil
		}
		b, _ := r.Bytes(args[i])
		return b
	}
	u := func() (*Invocation, error) {
		if vm.inv == nil {
			return nil, errs.New(errs.Invalid, "this is only possible while a request is served, not while the module loads")
		}
		return vm.inv, nil
	}
	functions := map[string]quickjs.HostFunc{
		"respond": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			contentType := ""
			if len(args) > 3 && quickjs.IsString(args[3]) {
				contentType = text(args, 3)
			}
			a := response{status: int(num(args, 0)), headers: text(args, 1), contentType: contentType}
			ok, err := r.View(args[2], func(body []byte, text bool) error { return inv.respond(a, body, text) })
			if !ok {
				err = inv.respond(a, nil, false)
			}
			return quickjs.Undefined(), err
		},
		"fail": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil && vm.inv.failed == nil && !vm.inv.responded {
				vm.inv.failed = r.Describe(args[0])
			}
			return quickjs.Undefined(), nil
		},
		"report": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				vm.inv.print("error", vm.program.Trace(r.Describe(args[0])))
			}
			return quickjs.Undefined(), nil
		},
		"waiting": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				vm.inv.waitUntil = int(num(args, 0))
			}
			return quickjs.Undefined(), nil
		},
		"print": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				vm.inv.print(text(args, 0), text(args, 1))
			}
			return quickjs.Undefined(), nil
		},
		"timer": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			id, err := inv.newID()
			if err == nil {
				inv.timers[id] = time.Now().Add(time.Duration(num(args, 0) * float64(time.Millisecond)))
			}
			return quickjs.Int(id), err
		},
		"again": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				vm.inv.timers[int32(num(args, 0))] = time.Now().Add(time.Duration(num(args, 1) * float64(time.Millisecond)))
			}
			return quickjs.Undefined(), nil
		},
		"cancel": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				delete(vm.inv.timers, int32(num(args, 0)))
			}
			return quickjs.Undefined(), nil
		},
		"bindings": func([]quickjs.Value) (quickjs.Value, error) { return r.NewString(vm.engine.bindings), nil },
		"call": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			f := &vm.engine.functions[int(num(args, 0))]
			arguments := text(args, 1)
			if f.Blocks {
				inv.releaseProcessor()
				defer inv.acquireProcessor()
			}
			result, err := f.Run(&inv.call, arguments)
			if err != nil || result == nil {
				return quickjs.Undefined(), err
			}
			return r.NewString(string(result)), nil
		},
		"start": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			id, err := inv.start(&vm.engine.functions[int(num(args, 0))], text(args, 1))
			return quickjs.Int(id), err
		},
		"part": func(args []quickjs.Value) (quickjs.Value, error) { return vm.part(text(args, 0)) },
		"url":  func(args []quickjs.Value) (quickjs.Value, error) { return vm.urlParts(text(args, 0), args) },
		"urlSet": func(args []quickjs.Value) (quickjs.Value, error) {
			return vm.urlSet(text(args, 0), text(args, 1), text(args, 2))
		},
		"now": func([]quickjs.Value) (quickjs.Value, error) {
			return quickjs.Number(float64(time.Since(quickjs.Began()).Microseconds()) / 1000), nil
		},
		"origin": func([]quickjs.Value) (quickjs.Value, error) {
			return quickjs.Number(float64(quickjs.Began().UnixMicro()) / 1000), nil
		},
		"agent": func([]quickjs.Value) (quickjs.Value, error) {
			return r.NewString("Fazt/" + vm.engine.config.Version), nil
		},
		"uuid": func([]quickjs.Value) (quickjs.Value, error) { return r.NewString(uuid()), nil },
		"random": func(args []quickjs.Value) (quickjs.Value, error) {
			b := make([]byte, min(max(int(num(args, 0)), 0), 65536))
			_, err := rand.Read(b)
			return r.NewBytes(b), err
		},
		"intl": func(args []quickjs.Value) (quickjs.Value, error) {
			answer, err := vm.engine.localizer.Ask(text(args, 0))
			if err != nil {
				return quickjs.Undefined(), err
			}
			return r.NewString(answer), nil
		},
		"coder": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			decode, _ := quickjs.ToNumber(args[1])
			id, err := inv.newCoder(text(args, 0), decode != 0)
			return quickjs.Int(id), err
		},
		"code": func(args []quickjs.Value) (quickjs.Value, error) {
			inv, err := u()
			if err != nil {
				return quickjs.Undefined(), err
			}
			end, _ := quickjs.ToNumber(args[2])
			out, err := inv.code(int32(num(args, 0)), data(args, 1), end != 0)
			if err != nil || out == nil {
				return quickjs.Undefined(), err
			}
			return r.NewBytes(out), nil
		},
		"endCoder": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				vm.inv.endCoder(int32(num(args, 0)))
			}
			return quickjs.Undefined(), nil
		},
		"btoa": func(args []quickjs.Value) (quickjs.Value, error) {
			s, ok := toBase64(text(args, 0))
			if !ok {
				return quickjs.Undefined(), nil
			}
			return r.NewString(s), nil
		},
		"atob": func(args []quickjs.Value) (quickjs.Value, error) {
			s, ok := fromBase64(text(args, 0))
			if !ok {
				return quickjs.Undefined(), nil
			}
			return r.NewString(s), nil
		},
		"encoding": func(args []quickjs.Value) (quickjs.Value, error) {
			name := encodingOf(text(args, 0))
			if name == "" {
				return quickjs.Undefined(), nil
			}
			return r.NewString(name), nil
		},
		"utf8": func(args []quickjs.Value) (v quickjs.Value, err error) {
			if len(args) == 0 {
				return r.NewBytes(nil), nil
			}
			v = quickjs.Undefined()
			_, err = r.View(args[0], func(data []byte, _ bool) error {
				if !utf8.Valid(data) { // lone surrogates
					data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
				}
				v = r.NewBytes(data)
				return nil
			})
			return v, err
		},
		"percentDecode": func(args []quickjs.Value) (quickjs.Value, error) {
			return r.NewString(percentDecode(text(args, 0))), nil
		},
		"incomplete": func(args []quickjs.Value) (quickjs.Value, error) {
			return quickjs.Int(int32(incomplete(text(args, 0), data(args, 1)))), nil
		},
		"decode": func(args []quickjs.Value) (quickjs.Value, error) {
			s, ok := decode(text(args, 0), data(args, 2))
			if n, _ := quickjs.ToNumber(args[1]); n != 0 && !ok {
				return quickjs.Undefined(), nil
			}
			return r.NewString(s), nil
		},
	}
	maps.Copy(functions, vm.streaming(text, num, data))
	maps.Copy(functions, vm.fetching(text, num, data))
	vm.cryptography(functions)
	for name, fn := range functions {
		r.Set(object, name, r.NewFunction(name, fn))
	}
	return object
}

// part is what a part of the web-standard API gives, run again in this realm.
func (vm *VM) part(name string) (quickjs.Value, error) {
	compiled, ok := vm.engine.parts[name]
	if !ok {
		return quickjs.Undefined(), errs.New(errs.Unsupported, "this build of Fazt was made without %q; `make build` makes one with it", name)
	}
	bytecode, err := compiled()
	if err != nil {
		return quickjs.Undefined(), fmt.Errorf("%s: %w", name, err)
	}
	return vm.realm.Run(bytecode)
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func percentDecode(s string) string {
	var b bytes.Buffer
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.WriteByte(c[0])
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	text, _ := decode("utf-8", b.Bytes())
	return text
}

// streaming are the host functions of bodies that come and answers that go piece by piece.
func (vm *VM) streaming(text func([]quickjs.Value, int) string, num func([]quickjs.Value, int) float64, data func([]quickjs.Value, int) []byte) map[string]quickjs.HostFunc {
	r := vm.realm
	asks := func(ask func(inv *Invocation, args []quickjs.Value) (int32, error)) quickjs.HostFunc {
		return func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv == nil {
				return quickjs.Undefined(), errs.New(errs.Invalid, "this is only possible while a request is served")
			}
			id, err := ask(vm.inv, args)
			return quickjs.Int(id), err
		}
	}
	return map[string]quickjs.HostFunc{
		"bodyNext": asks(func(inv *Invocation, _ []quickjs.Value) (int32, error) { return inv.bodyNext() }),
		"bodyRest": asks(func(inv *Invocation, _ []quickjs.Value) (int32, error) { return inv.bodyRest() }),
		"bodyForm": asks(func(inv *Invocation, args []quickjs.Value) (int32, error) { return inv.bodyForm(text(args, 0)) }),
		"bodyOver": asks(func(inv *Invocation, _ []quickjs.Value) (int32, error) { return 0, inv.bodyTooLarge() }),
		"stream": asks(func(inv *Invocation, args []quickjs.Value) (int32, error) {
			return inv.stream(response{status: int(num(args, 0)), headers: text(args, 1), contentType: text(args, 2)})
		}),
		"write": asks(func(inv *Invocation, args []quickjs.Value) (int32, error) { return inv.write(data(args, 0)) }),
		"end": func(args []quickjs.Value) (quickjs.Value, error) {
			if vm.inv != nil {
				var err error
				if len(args) > 0 {
					err = r.Describe(args[0])
				}
				vm.inv.end(err)
			}
			return quickjs.Undefined(), nil
		},
		"multipart": func(args []quickjs.Value) (quickjs.Value, error) {
			parts, err := readForm(text(args, 0), bytes.NewReader(data(args, 1)))
			if err != nil {
				return quickjs.Undefined(), nil //nolint:nilerr // the script says what is wrong
			}
			return vm.formValue(parts), nil
		},
	}
}

// json is the environment as the prelude reads it.
func (e *Env) json() string {
	if e.Values == nil {
		return "{}"
	}
	data, err := json.Marshal(e.Values)
	if err != nil {
		return "{}" // only text is in it
	}
	return string(data)
}
