package cli

import (
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitServe NAME DIR serves the repositories in a folder as a git host does, and sets a variable to the address.
func gitServe(ts *testscript.TestScript, _ bool, args []string) {
	git, err := exec.LookPath("git")
	ts.Check(err)
	host := httptest.NewServer(&cgi.Handler{
		Path: git, Args: []string{"http-backend"},
		Env:    []string{"GIT_PROJECT_ROOT=" + ts.MkAbs(args[1]), "GIT_HTTP_EXPORT_ALL=1", "HOME=" + ts.Getenv("HOME")},
		Stderr: ts.Stderr(),
	})
	ts.Defer(host.Close)
	ts.Setenv(args[0], host.URL)
}
