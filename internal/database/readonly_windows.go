package database

// Unwritable explains why the database at path cannot be written. On Windows only an attempt can tell.
func Unwritable(string) error { return nil }

// unlocked reports whether no process has locked the database itself, which never happens on Windows.
func unlocked(string) (bool, error) { return true, nil }
