package listener

import "io/fs"

// narrow does nothing: access is controlled by ACLs.
func narrow() (widen func()) { return func() {} }

// ownerOf is unknown.
func ownerOf(fs.FileInfo) int { return -1 }
