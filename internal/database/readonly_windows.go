package database

// Unwritable says why the database at path cannot be written. On Windows only the attempt tells.
func Unwritable(string) error { return nil }

// unlocked says whether no process has the lock of the database itself, which nobody takes where its folder is not known to be
// for reading only.
func unlocked(string) (bool, error) { return true, nil }
