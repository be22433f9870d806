// Package engine is QuickJS as WebAssembly, translated to Go. `make web` generates engine.go and engine.dat; the other files
// are its memory and what replaces parts of it. A module sees nothing but its own linear memory, and every access is checked,
// so whatever goes wrong in one stays in it.
package engine

import "errors"

const pageSize = 64 << 10

// ErrNoMemory is returned when the system has no addresses for another module.
var ErrNoMemory = errors.New("no memory for another VM")

// wasmMemory is the linear memory of a module.
type wasmMemory struct {
	memory []byte // what the module has
	region []byte // the addresses that are reserved for it: one page more than it may ever have
	image  *Image // from which the memory was loaded; nil = none

	// Afford is asked before the memory grows by so many bytes.
	Afford func(n int) bool
	// Unfiltered leaves every position of a text to the engine's own code of regular expressions; tests set it.
	Unfiltered bool
}

// New starts a module whose memory grows to at most max bytes. With an image, its memory is that.
func New(env Xenv, wasi Xwasi_snapshot_preview1, max int, img *Image) (*Module, error) {
	m := &Module{}
	if m.region = reserve(max + pageSize); m.region == nil {
		return nil, ErrNoMemory
	}
	if ok := m.first(img); !ok {
		m.Close()
		return nil, ErrNoMemory
	}
	m.start(env, wasi)
	return m, nil
}

// first gives the module its first memory: what it is born with, or an image.
func (m *wasmMemory) first(img *Image) bool {
	if firstBytes+pageSize > len(m.region) || !commit(m.region, 0, firstBytes+pageSize) { // one page more: see inlineAccess in tools/engine
		return false
	}
	m.memory = m.region[:firstBytes:firstBytes]
	return img == nil || m.Load(img)
}

// grow gives the module more pages, and returns how many it had, or -1.
func (m *wasmMemory) grow(pages int64) int64 {
	had := len(m.memory)
	if pages < 0 || pages > int64(len(m.region)-pageSize-had)/pageSize {
		return -1
	}
	n := int(pages) * pageSize
	if n > 0 && (m.Afford != nil && !m.Afford(n) || !commit(m.region, had, n+pageSize)) {
		return -1
	}
	m.memory = m.region[: had+n : had+n]
	return int64(had / pageSize)
}

// Bytes returns the memory. It is valid until the memory grows.
func (m *wasmMemory) Bytes() []byte { return m.memory }

// Close gives the memory back to the system. The module can do nothing more.
func (m *wasmMemory) Close() {
	release(m.region)
	m.memory, m.region = nil, nil
}

// mix is the hash of a key of a Map or Set: every bit of the key changes the lower bits of it.
func mix(key uint64) int32 {
	key ^= key >> 32
	return int32(key * 0x9e3779b97f4a7c15 >> 32)
}
