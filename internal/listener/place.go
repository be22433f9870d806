package listener

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fazt/internal/errs"
)

// SocketPath returns the path of the control socket of a database.
func SocketPath(database string) string { return database + ".sock" }

// SocketPaths returns where the control socket of a database may be, in order of preference: next to it, or, if that directory is
// not writable, in a private directory of the server's user below the temporary directory.
func SocketPaths(database string) []string {
	paths := []string{SocketPath(database)}
	for _, user := range users(database) {
		if isOwn(runtimeDir(user), user) {
			paths = append(paths, runtimePath(database, user))
		}
	}
	return paths
}

// RuntimeSocketPath returns where to put the control socket of a database if it cannot be next to it, and creates the
// directory.
func RuntimeSocketPath(database string) (string, error) {
	user := os.Geteuid()
	if user < 0 {
		return "", errs.New(errs.Unsupported, "this system has no directory for it")
	}
	dir := runtimeDir(user)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if !isOwn(dir, user) {
		return "", errs.New(errs.Conflict, "%s belongs to another user, or others can use it", dir)
	}
	return runtimePath(database, user), nil
}

func runtimeDir(user int) string { return filepath.Join(os.TempDir(), fmt.Sprintf("fazt-%d", user)) }

func runtimePath(database string, user int) string {
	sum := sha256.Sum256([]byte(database))
	return filepath.Join(runtimeDir(user), fmt.Sprintf("%x.sock", sum[:8]))
}

// users returns the users that may run the server: this user, and for root also the owner of the database.
func users(database string) []int {
	me := os.Geteuid()
	if me < 0 {
		return nil
	}
	list := []int{me}
	if info, err := os.Stat(database); err == nil && me == 0 {
		if owner := ownerOf(info); owner != me {
			list = append(list, owner)
		}
	}
	return list
}

// isOwn reports whether only one user can use a directory. Every user can create one in the temporary directory, and a socket in
// it would receive secrets.
func isOwn(dir string, user int) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o077 == 0 && ownerOf(info) == user
}
