package folder

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"
)

// Remote returns where the git repository around dir was cloned from, such as github.com/someone/blog, and the path of dir in it.
// It is the same for every clone, whatever protocol it uses. repository is "" if there is no remote named origin on another machine.
func Remote(dir string) (repository, path string) {
	up := repositoryAround(dir)
	if len(up) == 0 {
		return "", ""
	}
	c := config.New()
	file := filepath.Join(gitFolder(up[0]), "config")
	if config.NewDecoder(strings.NewReader(string(textOf(file)))).Decode(c) != nil {
		return "", ""
	}
	if repository = canonicalRemote(c.Section("remote").Subsection("origin").Option("url")); repository == "" {
		return "", ""
	}
	return repository, below(up[0], up[len(up)-1])
}

// canonicalRemote returns host and path of a remote, without what differs between clones; "" for one on this machine.
func canonicalRemote(remote string) string {
	host, path := "", ""
	if u, err := url.Parse(remote); err == nil && strings.Contains(remote, "://") {
		if u.Scheme == "file" {
			return ""
		}
		host, path = u.Hostname(), u.Path
	} else if before, after, ok := strings.Cut(remote, ":"); ok && len(before) > 1 && !strings.ContainsAny(before, `/\`) { // git@host:path
		host, path = before[strings.LastIndexByte(before, '@')+1:], after
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if host == "" || path == "" || strings.Contains(path, "@") {
		return ""
	}
	return strings.ToLower(host) + "/" + path
}
