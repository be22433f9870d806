package bindings

import (
	"context"
	"runtime"
	"sync"

	"fazt/internal/errs"
	"fazt/internal/password"
	"fazt/internal/runtime/bind"
)

// hashing lets as many hashes of passwords be computed at once, over all apps, as leave others half of the processors. One that
// has begun cannot be stopped, so an app waits for its previous one before it queues: apps take turns.
type hashing struct {
	turns chan struct{}

	mu   sync.Mutex
	apps map[string]*appHashing // that hash or wait
}

// appHashing is the queue of an app.
type appHashing struct {
	turn  chan struct{}
	users int // that hash or wait
}

func newHashing(atOnce int) *hashing {
	return &hashing{turns: make(chan struct{}, atOnce), apps: map[string]*appHashing{}}
}

// run calls fn when it is its turn, and when there is room for the memory that it takes.
func (h *hashing) run(c *bind.Call, memory int64, fn func()) error {
	app, leave := h.enter(c.AppID)
	defer leave()
	for _, turn := range []chan struct{}{app.turn, h.turns} {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-c.Context.Done():
			return errs.Wrap(errs.Timeout, context.Cause(c.Context), "too many passwords are being hashed; try again")
		}
	}
	if err := c.Memory.Charge(memory); err != nil {
		return err
	}
	defer c.Memory.Uncharge(memory)
	fn()
	return nil
}

// enter returns the queue of an app, which is kept until the last leaves it.
func (h *hashing) enter(id string) (app *appHashing, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	app = h.apps[id]
	if app == nil {
		app = &appHashing{turn: make(chan struct{}, 1)}
		h.apps[id] = app
	}
	app.users++
	return app, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if app.users--; app.users == 0 {
			delete(h.apps, id)
		}
	}
}

// passwords returns the namespace for the passwords of an app's own users.
func passwords() bind.Namespace {
	turn := newHashing(max(1, runtime.GOMAXPROCS(0)/2))
	type hash struct {
		Password string `js:"password" doc:"up to 4096 bytes of UTF-8; with bcrypt, up to 72"`
		Options  struct {
			Algorithm string `json:"algorithm" optional:"true"`
		} `js:"options" doc:"algorithm: argon2id (default), scrypt or bcrypt" ts:"{ algorithm?: 'argon2id' | 'scrypt' | 'bcrypt' }" optional:"true"`
	}
	type verify struct {
		Password string `js:"password" doc:"what a visitor entered"`
		Hash     string `js:"hash" doc:"what hash returned, or a hash of another program: $argon2id$, $argon2i$, $scrypt$, $2a$, $2b$ or $2y$"`
	}
	return bind.Namespace{Path: "fazt.password", Doc: "Hashes of passwords, computed by the instance: store the hash, never the password.", Members: []bind.Func{
		bind.Async("hash", "Returns a hash of a password, with the algorithm, its cost and a salt in it. Takes about a tenth of a second, in which the function can do other things.", func(c *bind.Call, a hash) (text string, err error) {
			h, err := password.New(a.Options.Algorithm)
			if err == nil {
				err = password.Check(a.Password)
			}
			if err != nil {
				return "", err
			}
			if waited := turn.run(c, h.Memory(), func() { text, err = h.Make(a.Password) }); waited != nil {
				return "", waited
			}
			return text, err
		}),
		bind.Async("verify", "Returns whether a password has this hash. A hash that cannot be read, or that asks for more memory or time than is allowed, is an error.", func(c *bind.Call, a verify) (matches bool, err error) {
			h, err := password.Parse(a.Hash)
			if err != nil {
				return false, err
			}
			err = turn.run(c, h.Memory(), func() { matches = h.Matches(a.Password) })
			return matches, err
		}),
	}}
}
