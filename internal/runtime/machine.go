package runtime

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unsafe"

	"fazt/internal/errs"
	"fazt/internal/quickjs"
	"fazt/internal/runtime/compile"
	"fazt/internal/system"
)

// machine is a virtual machine of one deployment, for its whole life. One request at a time is in it.
type machine struct {
	*quickjs.Isolate
	ledger   *ledger
	engine   *Engine
	pool     *pool
	program  *compile.Program
	realm    *quickjs.Realm // of the current request; a module has one for all
	handlers                // of realm
	run      *run           // the request in it
	served   int
	used     time.Time
	env      *Env           // what the realm has; nil = none yet
	saved    *quickjs.Saved // the realm of a script before a request; nil = it is made anew for each
	code     quickjs.Value  // of a script, ready to run

	maxMemory, maxStack int64 // it was made with
}

// handlers are the functions of the prelude that the host calls.
type handlers struct{ dispatch, start, settle, fire, prepare, classic, fail, setEnv, reset, leave quickjs.Value }

// newMachine makes a machine for a run of the given size, which counts as held already.
func (e *Engine) newMachine(p *pool, size int64) (*machine, error) {
	limits := e.config.Limits(p.app)
	i, err := quickjs.New(limits.MaxMemory, limits.MaxStack)
	if err != nil {
		e.memory.give(size)
		return nil, errs.Wrap(errs.Unavailable, err, "there is no memory for another virtual machine")
	}
	m := &machine{Isolate: i, engine: e, pool: p, program: p.program, used: time.Now(), maxMemory: limits.MaxMemory, maxStack: limits.MaxStack}
	m.ledger = &ledger{commons: &e.memory, reserved: size, await: m.awaitMemory}
	i.SetMeter(m.ledger)
	i.OnPause = func() {
		if m.run != nil {
			m.run.yield()
		}
	}
	if err := m.newRealm(); err != nil {
		starved := m.ledger.starved
		m.close()
		if starved {
			return nil, errStarved
		}
		return nil, err
	}
	if m.program.Style == compile.StyleScript {
		m.saved = m.realm.Save()
	}
	return m, nil
}

// made says whether the machine was made under these limits: those of a heap stay as they are while it lives.
func (m *machine) made(limits system.Runtime) bool {
	return m.maxMemory == limits.MaxMemory && m.maxStack == limits.MaxStack
}

// newRealm makes a fresh global object with the web-standard API in it.
func (m *machine) newRealm() error {
	r, err := m.Isolate.NewRealm()
	if err != nil {
		return errs.Wrap(errs.Unavailable, err, "there is no memory for another virtual machine")
	}
	m.realm, m.env = r, nil
	prelude, err := m.engine.prelude()
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	setup, err := r.Run(prelude)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.Free(setup)
	host := m.hostObject()
	defer r.Free(host)
	api, err := r.Call(setup, host)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.Free(api)
	for name, into := range map[string]*quickjs.Value{
		"dispatch": &m.dispatch, "start": &m.start, "settle": &m.settle, "fire": &m.fire, "prepare": &m.prepare,
		"classic": &m.classic, "fail": &m.fail, "env": &m.setEnv, "reset": &m.reset, "leave": &m.leave,
	} {
		*into = r.Get(api, name)
	}
	if m.program.Style == compile.StyleScript {
		return m.makeReady(api)
	}
	return nil
}

// makeReady gives the realm what the script is known to need: its code, and the standard modules it requires.
func (m *machine) makeReady(api quickjs.Value) (err error) {
	if m.code, err = m.realm.Read(m.program.Bytecode); err != nil || len(m.program.Standard) == 0 {
		return err
	}
	preload := m.realm.Get(api, "preload")
	defer m.realm.Free(preload)
	names := m.realm.NewString(strings.Join(m.program.Standard, ","))
	defer m.realm.Free(names)
	return m.notify(preload, names)
}

func (m *machine) closeRealm() {
	if m.realm == nil {
		return
	}
	for _, v := range []*quickjs.Value{&m.dispatch, &m.start, &m.settle, &m.fire, &m.prepare, &m.classic, &m.fail, &m.setEnv, &m.reset, &m.leave, &m.code} {
		m.realm.Free(*v)
		*v = quickjs.Undefined()
	}
	m.realm.Close()
	m.realm = nil
}

func (m *machine) close() {
	if m.IsDead() && m.realm != nil { // its memory goes as one piece
		m.realm.Abandon()
		m.realm = nil
	}
	m.closeRealm()
	m.Isolate.Close()
	m.writeOff()
}

// begin gives the request to the script.
func (m *machine) begin(u *run, body []byte) error {
	m.served++
	if m.program.Style == compile.StyleModule {
		return m.beginModule(u, body)
	}
	return m.beginScript(u, body)
}

func (m *machine) beginModule(u *run, body []byte) error {
	if m.served == 1 {
		if err := m.setEnvironment(u.f.Env); err != nil {
			return err
		}
		v, err := m.realm.Run(m.program.Bytecode)
		if err != nil {
			m.served = 0
			return err
		}
		m.realm.Free(v)
		if err := m.notify(m.start); err != nil {
			m.served = 0
			return err
		}
	} else if err := m.setEnvironment(u.f.Env); err != nil {
		return err
	}
	args := m.requestArgs(u.r, &u.f, body, u.in)
	defer m.freeAll(args)
	return m.notify(m.dispatch, args...)
}

func (m *machine) beginScript(u *run, body []byte) error {
	if err := m.setEnvironment(u.f.Env); err != nil {
		return err
	}
	args := m.requestArgs(u.r, &u.f, body, nil)
	if u.in != nil { // a script has its request whole before it begins
		data, err := m.whole(u.in)
		if err == nil && quickjs.IsException(data) {
			err = m.realm.Exception()
		}
		if err != nil {
			m.freeAll(args)
			return err
		}
		args[len(args)-1] = data
	}
	args = append(args, m.realm.NewString(u.f.ClientIP), m.realm.NewString(u.f.RequestID))
	defer m.freeAll(args)
	if err := m.notify(m.prepare, args...); err != nil {
		return err
	}
	promise, err := m.realm.Evaluate(m.realm.Dup(m.code))
	if err != nil {
		return err
	}
	defer m.realm.Free(promise)
	return m.realm.Then(promise, m.classic, m.fail)
}

// setEnvironment gives the realm the newest environment, if it has another one.
func (m *machine) setEnvironment(env *Env) error {
	if env == m.env && m.env != nil {
		return nil
	}
	m.env = env
	text := "{}"
	if env != nil {
		text = env.json()
	}
	v := m.realm.NewString(text)
	defer m.realm.Free(v)
	return m.notify(m.setEnv, v)
}

// requestArgs are method, URL, headers as lines, and body: text, an ArrayBuffer, null, or of one that has not come yet, how
// much of it may be read whole.
func (m *machine) requestArgs(r *http.Request, f *Function, body []byte, in *input) []quickjs.Value {
	scheme := "http"
	if r.TLS != nil || f.HTTPS {
		scheme = "https"
	}
	target := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		target += "?" + r.URL.RawQuery
	}
	var headers strings.Builder
	for name, values := range r.Header {
		name = strings.ToLower(name)
		for _, v := range values {
			if headers.Len() > 0 {
				headers.WriteByte('\n')
			}
			headers.WriteString(name)
			headers.WriteByte('\n')
			headers.WriteString(fromLatin1(v))
		}
	}
	if headers.Len() > 0 {
		headers.WriteByte('\n')
	}
	headers.WriteString("host\n")
	headers.WriteString(r.Host)
	data := quickjs.Null()
	switch {
	case in != nil:
		data = quickjs.Number(float64(in.most))
	case body != nil:
		data = m.bodyValue(body)
	}
	return []quickjs.Value{m.realm.NewString(r.Method), m.realm.NewString(scheme + "://" + r.Host + target), m.realm.NewString(headers.String()), data}
}

// bodyValue is a body as text where it is text: most are read as such.
func (m *machine) bodyValue(body []byte) quickjs.Value {
	v, _ := m.realm.NewText(bytes.NewReader(body), len(body), false)
	return v
}

func (m *machine) freeAll(list []quickjs.Value) {
	for _, v := range list {
		m.realm.Free(v)
	}
}

// notify calls a function of the prelude and forgets what it returns.
func (m *machine) notify(fn quickjs.Value, args ...quickjs.Value) error {
	v, err := m.realm.Call(fn, args...)
	if err == nil {
		m.realm.Free(v)
	}
	return err
}

// settled tells the script how a host call ended.
func (m *machine) settled(c completion) error {
	v, ok := quickjs.Undefined(), c.err == nil
	if c.err != nil {
		v = m.realm.NewError(c.err)
	} else if c.give != nil {
		v = c.give(m)
	} else if c.value != nil {
		v = m.realm.NewString(unsafe.String(unsafe.SliceData(c.value), len(c.value)))
	}
	if quickjs.IsException(v) { // there is no memory for it
		v, ok = m.realm.Pending(), false
	}
	u := m.run
	if u != nil {
		u.uncharge(c.size)
	}
	defer m.realm.Free(v)
	return m.notify(m.settle, quickjs.Int(c.id), quickjs.Bool(ok), v)
}

// recover makes the machine ready for another request, and says whether it is: what the request left behind is gone
// and its memory is not near the limit. The visitor has their answer already.
func (m *machine) recover(u *run) bool {
	limits := m.engine.config.Limits(m.pool.app)
	if m.served >= limits.RequestsPerVM {
		return false
	}
	if m.program.Style == compile.StyleModule {
		return m.notify(m.reset) == nil && m.Memory() < m.maxMemory*3/4
	}
	u.sendBeside()
	m.Disarm() // nothing of the script runs from here on
	if m.saved != nil {
		m.realm.Restore(m.saved)
		m.env = nil
		return true
	}
	m.closeRealm() // a script has a fresh realm for every request
	return m.newRealm() == nil && m.Memory() < m.maxMemory*3/4
}

// StyleModule is the style of most functions.
const StyleModule = compile.StyleModule
