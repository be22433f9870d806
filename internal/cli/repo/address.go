// Package repo fetches one commit of a git repository and writes its files to a folder.
//
// A repository is not trusted: nothing of it runs here, its links are not followed, other repositories it names are not
// fetched, and its size is bounded.
package repo

import (
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"fazt/internal/errs"
)

// Address names a repository: URL[@ref].
type Address struct {
	URL string // https://…, or file:///… for one on this machine
	Ref string // branch, tag or commit; "" = the default branch
}

// Parse reads an address: https for any host (the scheme may be left out), http for this machine only, and folders of
// this machine as file:// or as a path.
func Parse(text string) (Address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return Address{}, errs.New(errs.Invalid, "%q is not the address of a repository", text)
	}
	scheme, rest, full := strings.Cut(text, "://")
	if !full {
		if isLocal(text) {
			return parseLocal(text)
		}
		host, _, below := strings.Cut(text, "/")
		switch {
		case strings.Contains(host, ":") && !portOnly(host):
			return Address{}, errs.New(errs.Invalid, "NAME@HOST:PATH is an SSH address; use https://HOST/PATH")
		case !below || !strings.Contains(host, "."):
			return Address{}, errs.New(errs.NotFound, "%s is neither a URL nor a folder on this machine", text)
		}
		scheme, rest = "https", text
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "https", "http":
		return parseRemote(scheme, rest)
	case "file":
		u, err := url.Parse("file://" + rest)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return Address{}, errs.New(errs.Invalid, "%s is not a folder of this machine; use file:///PATH", text)
		}
		path := filepath.FromSlash(u.Path)
		if runtime.GOOS == "windows" {
			path = strings.TrimPrefix(path, `\`) // of \C:\…
		}
		return parseLocal(path)
	}
	return Address{}, errs.New(errs.Invalid, "repositories are fetched over https, not %s", scheme)
}

// portOnly reports whether the text after the colon of a host is a port.
func portOnly(host string) bool {
	_, port, _ := strings.Cut(host, ":")
	return port != "" && strings.Trim(port, "0123456789") == ""
}

// isLocal reports whether a text without a scheme is a folder of this machine.
func isLocal(text string) bool {
	if strings.HasPrefix(text, ".") || filepath.IsAbs(text) {
		return true
	}
	folder, _ := cutLocalRef(text)
	info, err := os.Stat(folder)
	return err == nil && info.IsDir()
}

// cutLocalRef cuts the ref off a path, unless a folder with that name exists.
func cutLocalRef(path string) (folder, ref string) {
	i := strings.LastIndex(path, "@")
	if _, err := os.Stat(path); i <= 0 || err == nil {
		return path, ""
	}
	for {
		if _, err := os.Stat(path[:i]); err == nil {
			return path[:i], path[i+1:]
		}
		next := strings.LastIndex(path[:i], "@")
		if next <= 0 {
			return path[:i], path[i+1:]
		}
		i = next
	}
}

func parseLocal(path string) (Address, error) {
	folder, ref := cutLocalRef(path)
	full, err := filepath.Abs(folder)
	if err != nil {
		return Address{}, errs.Wrap(errs.Invalid, err, "%s is not a folder", folder)
	}
	slashed := filepath.ToSlash(full)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/…
	}
	return checkRef(Address{(&url.URL{Scheme: "file", Path: slashed}).String(), ref}, path)
}

func parseRemote(scheme, rest string) (Address, error) {
	host, path, _ := strings.Cut(rest, "/")
	if strings.Contains(host, "@") {
		return Address{}, errs.New(errs.Invalid, "the address has a name or password in it, which would be stored with the app; clone the repository with git and install the folder")
	}
	path, ref := cutRef(path)
	path = strings.TrimRight(path, "/")
	u, err := url.Parse(scheme + "://" + host + "/" + path)
	if err != nil || u.Host == "" || path == "" || u.RawQuery != "" || u.Fragment != "" {
		return Address{}, errs.New(errs.Invalid, "%s://%s is not a repository; use https://HOST/PATH[@REF]", scheme, host)
	}
	if scheme == "http" && !loopback(u.Hostname()) {
		return Address{}, errs.New(errs.Invalid, "http does not protect against changes in transit; use https://%s/%s", host, path)
	}
	u.Host = strings.ToLower(u.Host)
	return checkRef(Address{u.String(), ref}, rest)
}

// cutRef cuts a path at the @ before a ref. An @ at the start of a segment, which is a user on some hosts, does not count.
func cutRef(path string) (before, ref string) {
	for i := 1; i < len(path); i++ {
		if path[i] == '@' && path[i-1] != '/' {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func checkRef(a Address, text string) (Address, error) {
	if strings.HasSuffix(text, "@") {
		return a, errs.New(errs.Invalid, "%s ends with @; add a branch, a tag or a commit", text)
	}
	return a, nil
}

// Name returns the name of the repository: the last part of its address.
func (a Address) Name() string {
	name := a.URL[strings.LastIndex(a.URL, "/")+1:]
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	return strings.TrimSuffix(name, ".git")
}

// local returns the folder of a file:// address.
func (a Address) local() (string, bool) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Scheme != "file" {
		return "", false
	}
	path := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, `\`)
	}
	return path, true
}
