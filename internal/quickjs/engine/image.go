package engine

import (
	"bytes"
	"runtime"
)

// Image is the memory of a module at one moment, from an address on. Modules are made from it, or set back to it.
type Image struct {
	base    int
	data    []byte // read-only
	sharing sharing
}

// Image copies the memory from base on, which is a multiple of the page size.
func (m *Module) Image(base int) *Image {
	img := &Image{base: base}
	img.data = append(img.data, m.memory[base:]...)
	img.share()
	return img
}

// Len returns how many bytes the image has.
func (img *Image) Len() int { return len(img.data) }

// Data returns the bytes of the image. They must not be changed.
func (img *Image) Data() []byte { return img.data }

// Load makes the memory from the base of the image on what it was then. After a first image, only the same and larger ones can
// be loaded. It reports false when the system has no memory for that; the module is not usable then.
func (m *wasmMemory) Load(img *Image) bool {
	end := img.base + len(img.data)
	if end+pageSize > len(m.region) || m.image != nil && len(m.image.data) > len(img.data) {
		return false
	}
	if had := len(m.memory); had < end {
		if !commit(m.region, had, end+pageSize-had) {
			return false
		}
	} else {
		Clear(m.memory[end:])
	}
	m.memory = m.region[:end:end]
	if m.image == img || !img.mapInto(m.memory[img.base:]) {
		img.copyInto(m.memory[img.base:])
	}
	m.image = img
	runtime.KeepAlive(img)
	return true
}

// copyInto copies the image where b differs from it, so that pages that were not changed stay shared. Where few were, it is
// also faster than mapping the image again, after which each page is a fault at its first use.
func (img *Image) copyInto(b []byte) {
	const part = 4 << 10
	for at := 0; at < len(b); at += part {
		if have, want := b[at:at+part], img.data[at:at+part]; !bytes.Equal(have, want) {
			copy(have, want)
		}
	}
}
