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

// SocketPath is where the control socket of the database at path lies.
func SocketPath(database string) string { return database + ".sock" }

// SocketPaths are where the control socket of the database at path may lie, the best first: beside it; and where that folder
// cannot be written, in one that the user of the server has for itself below the folder for temporary files.
func SocketPaths(database string) []string {
	paths := []string{SocketPath(database)}
	for _, user := range users(database) {
		if isOwn(runtimeDir(user), user) {
			paths = append(paths, runtimePath(database, user))
		}
	}
	return paths
}

// RuntimeSocketPath is where to put the control socket of the database at path when it cannot lie beside it. The folder is
// made.
func RuntimeSocketPath(database string) (string, error) {
	user := os.Geteuid()
	if user < 0 {
		return "", errs.New(errs.Unsupported, "there is no folder for it on this system")
	}
	dir := runtimeDir(user)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if !isOwn(dir, user) {
		return "", errs.New(errs.Conflict, "%s belongs to another user, or others may use it", dir)
	}
	return runtimePath(database, user), nil
}

func runtimeDir(user int) string { return filepath.Join(os.TempDir(), fmt.Sprintf("fazt-%d", user)) }

func runtimePath(database string, user int) string {
	sum := sha256.Sum256([]byte(database))
	return filepath.Join(runtimeDir(user), fmt.Sprintf("%x.sock", sum[:8]))
}

// users are whose server there may be: of this user, and for the superuser also of the owner of the database.
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

// isOwn says whether a folder is a user's alone. Everybody may make one where temporary files are: a socket in another's
// folder would be told secrets.
func isOwn(dir string, user int) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o077 == 0 && ownerOf(info) == user
}
