package database

// Unwritable explains why the database at path cannot be written. On Windows only the attempt tells.
func Unwritable(string) error { return nil }

// unlocked reports whether no process has the lock of the database itself, which is never taken on Windows.
func unlocked(string) (bool, error) { return true, nil }
