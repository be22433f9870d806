package listener

import "io/fs"

// narrow does nothing: access lists decide.
func narrow() (widen func()) { return func() {} }

// ownerOf is not known.
func ownerOf(fs.FileInfo) int { return -1 }
