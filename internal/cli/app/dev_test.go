package app

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"fazt/internal/cli/devserver"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/project"
	"fazt/internal/fazttest/await"
)

// A server that writes files while it fails must not start itself again.
func TestAFailedDevelopmentServerIsStartedAgainAfterAnEditOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fazt.json"), []byte(`{ "dev": "exit 1" }`), 0o644); err != nil {
		t.Fatal(err)
	}
	front := devserver.NewFront(devserver.State{Title: "Starting"})
	defer front.Close()
	d := &developer{
		commands: commands{&kit.CLI{Env: kit.Env{Stdout: io.Discard, Stderr: io.Discard}}}, dir: dir, front: front,
		options: project.Options{Log: io.Discard}, edited: true,
	}
	d.startServer(t.Context())
	defer d.stopServer()
	first := d.server
	if first == nil {
		t.Fatal("it was not started")
	}
	await.Until(t, "it has ended", func() bool { return !first.Running() })
	d.edited = false
	if d.startServer(t.Context()); d.server != first {
		t.Error("it was started again without an edit")
	}
	d.edited = true
	if d.startServer(t.Context()); d.server == first || d.server == nil {
		t.Error("it was not started again after an edit")
	}
}
