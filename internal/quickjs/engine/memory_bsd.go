//go:build unix && !linux

package engine

const noReserve = 0 // these systems reserve nothing until a page is touched
