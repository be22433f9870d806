package runtime

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unsafe"

	"fazt/internal/errs"
	"fazt/internal/system"
)

// machine is a virtual machine of one deployment, for its whole life. One request at a time is in it.
type machine struct {
	*isolate
	engine   *Engine
	pool     *pool
	program  *Program
	realm    *realm // of the current request; a module has one for all
	handlers        // of realm
	run      *run   // the request in it
	served   int
	used     time.Time
	env      *Env   // what the realm has; nil = none yet
	saved    *saved // the realm of a script before a request; nil = it is made anew for each
	code     value  // of a script, ready to run

	maxMemory, maxStack int64 // it was made with
}

// handlers are the functions of the prelude that the host calls.
type handlers struct{ dispatch, start, settle, fire, prepare, classic, fail, setEnv, reset, leave value }

// newMachine makes a machine for a run of the given size, which counts as held already.
func (e *Engine) newMachine(p *pool, size int64) (*machine, error) {
	limits := e.config.Limits(p.app)
	i, err := newIsolate(limits.MaxMemory, limits.MaxStack)
	if err != nil {
		e.memory.give(size)
		return nil, errs.Wrap(errs.Unavailable, err, "there is no memory for another virtual machine")
	}
	m := &machine{isolate: i, engine: e, pool: p, program: p.program, used: time.Now(), maxMemory: limits.MaxMemory, maxStack: limits.MaxStack}
	i.setLedger(&e.memory, size)
	i.ledger.await = m.awaitMemory
	i.pause = func() {
		if m.run != nil {
			m.run.yield()
		}
	}
	if err := m.newRealm(); err != nil {
		starved := i.ledger.starved
		m.close()
		if starved {
			return nil, errStarved
		}
		return nil, err
	}
	if m.program.Style == StyleScript {
		m.saved = m.realm.save()
	}
	return m, nil
}

// made says whether the machine was made under these limits: those of a heap stay as they are while it lives.
func (m *machine) made(limits system.Runtime) bool {
	return m.maxMemory == limits.MaxMemory && m.maxStack == limits.MaxStack
}

// newRealm makes a fresh global object with the web-standard API in it.
func (m *machine) newRealm() error {
	r, err := m.isolate.newRealm()
	if err != nil {
		return errs.Wrap(errs.Unavailable, err, "there is no memory for another virtual machine")
	}
	m.realm, m.env = r, nil
	prelude, err := m.engine.prelude()
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	setup, err := r.run(prelude)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.free(setup)
	host := m.hostObject()
	defer r.free(host)
	api, err := r.call(setup, host)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	defer r.free(api)
	for name, into := range map[string]*value{
		"dispatch": &m.dispatch, "start": &m.start, "settle": &m.settle, "fire": &m.fire, "prepare": &m.prepare,
		"classic": &m.classic, "fail": &m.fail, "env": &m.setEnv, "reset": &m.reset, "leave": &m.leave,
	} {
		*into = r.get(api, name)
	}
	if m.program.Style == StyleScript {
		return m.makeReady(api)
	}
	return nil
}

// makeReady gives the realm what the script is known to need: its code, and the standard modules it requires.
func (m *machine) makeReady(api value) (err error) {
	if m.code, err = m.realm.read(m.program.Bytecode); err != nil || len(m.program.Standard) == 0 {
		return err
	}
	preload := m.realm.get(api, "preload")
	defer m.realm.free(preload)
	names := m.realm.newString(strings.Join(m.program.Standard, ","))
	defer m.realm.free(names)
	return m.notify(preload, names)
}

func (m *machine) closeRealm() {
	if m.realm == nil {
		return
	}
	for _, v := range []*value{&m.dispatch, &m.start, &m.settle, &m.fire, &m.prepare, &m.classic, &m.fail, &m.setEnv, &m.reset, &m.leave, &m.code} {
		m.realm.free(*v)
		*v = undefinedValue()
	}
	m.realm.close()
	m.realm = nil
}

func (m *machine) close() {
	if m.dead.Load() && m.realm != nil { // its memory goes as one piece
		realms.Delete(m.realm.ctx)
		m.realm = nil
	}
	m.closeRealm()
	m.isolate.close()
}

// begin gives the request to the script.
func (m *machine) begin(u *run, body []byte) error {
	m.served++
	if m.program.Style == StyleModule {
		return m.beginModule(u, body)
	}
	return m.beginScript(u, body)
}

func (m *machine) beginModule(u *run, body []byte) error {
	if m.served == 1 {
		if err := m.setEnvironment(u.f.Env); err != nil {
			return err
		}
		v, err := m.realm.run(m.program.Bytecode)
		if err != nil {
			m.served = 0
			return err
		}
		m.realm.free(v)
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
		if err == nil && isException(data) {
			err = m.realm.exception()
		}
		if err != nil {
			m.freeAll(args)
			return err
		}
		args[len(args)-1] = data
	}
	args = append(args, m.realm.newString(u.f.ClientIP), m.realm.newString(u.f.RequestID))
	defer m.freeAll(args)
	if err := m.notify(m.prepare, args...); err != nil {
		return err
	}
	promise, err := m.realm.evaluate(m.realm.dup(m.code))
	if err != nil {
		return err
	}
	defer m.realm.free(promise)
	return m.realm.then(promise, m.classic, m.fail)
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
	v := m.realm.newString(text)
	defer m.realm.free(v)
	return m.notify(m.setEnv, v)
}

// requestArgs are method, URL, headers as lines, and body: text, an ArrayBuffer, null, or of one that has not come yet, how
// much of it may be read whole.
func (m *machine) requestArgs(r *http.Request, f *Function, body []byte, in *input) []value {
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
	data := nullValue()
	switch {
	case in != nil:
		data = newNumber(float64(in.most))
	case body != nil:
		data = m.bodyValue(body)
	}
	return []value{m.realm.newString(r.Method), m.realm.newString(scheme + "://" + r.Host + target), m.realm.newString(headers.String()), data}
}

// bodyValue is a body as text where it is text: most are read as such.
func (m *machine) bodyValue(body []byte) value {
	v, _ := m.realm.newText(bytes.NewReader(body), len(body), false)
	return v
}

func (m *machine) freeAll(list []value) {
	for _, v := range list {
		m.realm.free(v)
	}
}

// notify calls a function of the prelude and forgets what it returns.
func (m *machine) notify(fn value, args ...value) error {
	v, err := m.realm.call(fn, args...)
	if err == nil {
		m.realm.free(v)
	}
	return err
}

// settled tells the script how a host call ended.
func (m *machine) settled(c completion) error {
	v, ok := undefinedValue(), c.err == nil
	if c.err != nil {
		v = m.realm.newError(c.err)
	} else if c.give != nil {
		v = c.give(m)
	} else if c.value != nil {
		v = m.realm.newString(unsafe.String(unsafe.SliceData(c.value), len(c.value)))
	}
	if isException(v) { // there is no memory for it
		v, ok = m.realm.pending(), false
	}
	u := m.run
	if u != nil {
		u.uncharge(c.size)
	}
	defer m.realm.free(v)
	return m.notify(m.settle, newInt(c.id), newBool(ok), v)
}

// recover makes the machine ready for another request, and says whether it is: what the request left behind is gone
// and its memory is not near the limit. The visitor has their answer already.
func (m *machine) recover(u *run) bool {
	limits := m.engine.config.Limits(m.pool.app)
	if m.served >= limits.RequestsPerVM {
		return false
	}
	if m.program.Style == StyleModule {
		return m.notify(m.reset) == nil && m.memory() < m.maxMemory*3/4
	}
	u.sendBeside()
	m.disarm() // nothing of the script runs from here on
	if m.saved != nil {
		m.realm.restore(m.saved)
		m.env = nil
		return true
	}
	m.closeRealm() // a script has a fresh realm for every request
	return m.newRealm() == nil && m.memory() < m.maxMemory*3/4
}
