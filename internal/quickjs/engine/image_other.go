//go:build !linux

package engine

// sharing is nothing here: modules copy the image.
type sharing struct{}

func (img *Image) share() {}

func (img *Image) mapInto([]byte) bool { return false }
