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
)

// hostObject is what the prelude gets: the functions of the host, by name.
func (m *machine) hostObject() value {
	r := m.realm
	object := r.newObject()
	text := func(args []value, i int) string {
		if i >= len(args) {
			return ""
		}
		s, ok := r.text(args[i])
		if !ok {
			r.dropException()
		}
		return s
	}
	num := func(args []value, i int) float64 {
		if i >= len(args) {
			return 0
		}
		n, _ := number(args[i])
		return n
	}
	data := func(args []value, i int) []byte {
		if i >= len(args) {
			return nil
		}
		b, _ := r.bytes(args[i])
		return b
	}
	u := func() (*run, error) {
		if m.run == nil {
			return nil, errs.New(errs.Invalid, "this is only possible while a request is served, not while the module loads")
		}
		return m.run, nil
	}
	functions := map[string]hostFunc{
		"respond": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			contentType := ""
			if len(args) > 3 && isString(args[3]) {
				contentType = text(args, 3)
			}
			a := answer{status: int(num(args, 0)), headers: text(args, 1), contentType: contentType}
			ok, err := r.view(args[2], func(body []byte, text bool) error { return u.respond(a, body, text) })
			if !ok {
				err = u.respond(a, nil, false)
			}
			return undefinedValue(), err
		},
		"fail": func(args []value) (value, error) {
			if m.run != nil && m.run.failed == nil && !m.run.answered {
				m.run.failed = r.describe(args[0])
			}
			return undefinedValue(), nil
		},
		"report": func(args []value) (value, error) {
			if m.run != nil {
				m.run.print("error", m.program.story(r.describe(args[0])))
			}
			return undefinedValue(), nil
		},
		"waiting": func(args []value) (value, error) {
			if m.run != nil {
				m.run.waiting = int(num(args, 0))
			}
			return undefinedValue(), nil
		},
		"print": func(args []value) (value, error) {
			if m.run != nil {
				m.run.print(text(args, 0), text(args, 1))
			}
			return undefinedValue(), nil
		},
		"timer": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			id, err := u.newID()
			if err == nil {
				u.timers[id] = time.Now().Add(time.Duration(num(args, 0) * float64(time.Millisecond)))
			}
			return newInt(id), err
		},
		"again": func(args []value) (value, error) {
			if m.run != nil {
				m.run.timers[int32(num(args, 0))] = time.Now().Add(time.Duration(num(args, 1) * float64(time.Millisecond)))
			}
			return undefinedValue(), nil
		},
		"cancel": func(args []value) (value, error) {
			if m.run != nil {
				delete(m.run.timers, int32(num(args, 0)))
			}
			return undefinedValue(), nil
		},
		"bindings": func([]value) (value, error) { return r.newString(m.engine.bindings), nil },
		"call": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			f := &m.engine.functions[int(num(args, 0))]
			arguments := text(args, 1)
			if f.Blocks {
				u.leave()
				defer u.enter()
			}
			result, err := f.Run(&u.call, arguments)
			if err != nil || result == nil {
				return undefinedValue(), err
			}
			return r.newString(string(result)), nil
		},
		"start": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			id, err := u.start(&m.engine.functions[int(num(args, 0))], text(args, 1))
			return newInt(id), err
		},
		"part":   func(args []value) (value, error) { return m.part(text(args, 0)) },
		"url":    func(args []value) (value, error) { return m.urlParts(text(args, 0), args) },
		"urlSet": func(args []value) (value, error) { return m.urlSet(text(args, 0), text(args, 1), text(args, 2)) },
		"now":    func([]value) (value, error) { return newNumber(float64(time.Since(began).Microseconds()) / 1000), nil },
		"origin": func([]value) (value, error) { return newNumber(float64(began.UnixMicro()) / 1000), nil },
		"agent":  func([]value) (value, error) { return r.newString("Fazt/" + m.engine.config.Version), nil },
		"uuid":   func([]value) (value, error) { return r.newString(uuid()), nil },
		"random": func(args []value) (value, error) {
			b := make([]byte, min(max(int(num(args, 0)), 0), 65536))
			_, err := rand.Read(b)
			return r.newBytes(b), err
		},
		"intl": func(args []value) (value, error) {
			answer, err := m.engine.localizer.ask(text(args, 0))
			if err != nil {
				return undefinedValue(), err
			}
			return r.newString(answer), nil
		},
		"coder": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			decode, _ := number(args[1])
			id, err := u.newCoder(text(args, 0), decode != 0)
			return newInt(id), err
		},
		"code": func(args []value) (value, error) {
			u, err := u()
			if err != nil {
				return undefinedValue(), err
			}
			end, _ := number(args[2])
			out, err := u.code(int32(num(args, 0)), data(args, 1), end != 0)
			if err != nil || out == nil {
				return undefinedValue(), err
			}
			return r.newBytes(out), nil
		},
		"endCoder": func(args []value) (value, error) {
			if m.run != nil {
				m.run.endCoder(int32(num(args, 0)))
			}
			return undefinedValue(), nil
		},
		"btoa": func(args []value) (value, error) {
			s, ok := toBase64(text(args, 0))
			if !ok {
				return undefinedValue(), nil
			}
			return r.newString(s), nil
		},
		"atob": func(args []value) (value, error) {
			s, ok := fromBase64(text(args, 0))
			if !ok {
				return undefinedValue(), nil
			}
			return r.newString(s), nil
		},
		"encoding": func(args []value) (value, error) {
			name := encodingOf(text(args, 0))
			if name == "" {
				return undefinedValue(), nil
			}
			return r.newString(name), nil
		},
		"utf8": func(args []value) (v value, err error) {
			if len(args) == 0 {
				return r.newBytes(nil), nil
			}
			v = undefinedValue()
			_, err = r.view(args[0], func(data []byte, _ bool) error {
				if !utf8.Valid(data) { // lone surrogates
					data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
				}
				v = r.newBytes(data)
				return nil
			})
			return v, err
		},
		"percentDecode": func(args []value) (value, error) { return r.newString(percentDecode(text(args, 0))), nil },
		"incomplete": func(args []value) (value, error) {
			return newInt(int32(incomplete(text(args, 0), data(args, 1)))), nil
		},
		"decode": func(args []value) (value, error) {
			s, ok := decode(text(args, 0), data(args, 2))
			if n, _ := number(args[1]); n != 0 && !ok {
				return undefinedValue(), nil
			}
			return r.newString(s), nil
		},
	}
	maps.Copy(functions, m.streaming(text, num, data))
	maps.Copy(functions, m.fetching(text, num, data))
	m.cryptography(functions)
	for name, fn := range functions {
		r.set(object, name, r.host(name, fn))
	}
	return object
}

// part is what a part of the web-standard API gives, run anew in this realm.
func (m *machine) part(name string) (value, error) {
	compiled, ok := m.engine.parts[name]
	if !ok {
		return undefinedValue(), errs.New(errs.Unsupported, "this build of Fazt was made without %q; `make build` makes one with it", name)
	}
	bytecode, err := compiled()
	if err != nil {
		return undefinedValue(), fmt.Errorf("%s: %w", name, err)
	}
	return m.realm.run(bytecode)
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
func (m *machine) streaming(text func([]value, int) string, num func([]value, int) float64, data func([]value, int) []byte) map[string]hostFunc {
	r := m.realm
	asks := func(ask func(u *run, args []value) (int32, error)) hostFunc {
		return func(args []value) (value, error) {
			if m.run == nil {
				return undefinedValue(), errs.New(errs.Invalid, "this is only possible while a request is served")
			}
			id, err := ask(m.run, args)
			return newInt(id), err
		}
	}
	return map[string]hostFunc{
		"bodyNext": asks(func(u *run, _ []value) (int32, error) { return u.askNext() }),
		"bodyRest": asks(func(u *run, _ []value) (int32, error) { return u.askRest() }),
		"bodyForm": asks(func(u *run, args []value) (int32, error) { return u.askForm(text(args, 0)) }),
		"bodyOver": asks(func(u *run, _ []value) (int32, error) { return 0, u.bodyOver() }),
		"stream": asks(func(u *run, args []value) (int32, error) {
			return u.stream(answer{status: int(num(args, 0)), headers: text(args, 1), contentType: text(args, 2)})
		}),
		"write": asks(func(u *run, args []value) (int32, error) { return u.write(data(args, 0)) }),
		"end": func(args []value) (value, error) {
			if m.run != nil {
				var err error
				if len(args) > 0 {
					err = r.describe(args[0])
				}
				m.run.end(err)
			}
			return undefinedValue(), nil
		},
		"multipart": func(args []value) (value, error) {
			parts, err := readForm(text(args, 0), bytes.NewReader(data(args, 1)))
			if err != nil {
				return undefinedValue(), nil //nolint:nilerr // the script says what is wrong
			}
			return m.formValue(parts), nil
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
