package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// container is a control group of Linux that limits memory.
type container string

// contain starts an instance in a container of its own.
func (l *lab) contain(ctx context.Context, bytes int) (*instance, container, error) {
	group := container(filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("fazt-faults-%d", os.Getpid())))
	if err := os.Mkdir(string(group), 0o755); err != nil {
		return nil, "", skip("cannot create a version 1 control group: %v", err)
	}
	if err := os.WriteFile(group.file("memory.limit_in_bytes"), []byte(strconv.Itoa(bytes)), 0o600); err != nil {
		group.remove()
		return nil, "", skip("cannot set the control group's limit: %v", err)
	}
	// A shell joins the group and becomes the server, so the server sees the limit from the start.
	shell := filepath.Join(l.dir, "contained")
	script := fmt.Sprintf("#!/bin/sh\necho $$ > %s\nexec %s \"$@\"\n", group.file("cgroup.procs"), l.fazt)
	if err := os.WriteFile(shell, []byte(script), 0o755); err != nil {
		group.remove()
		return nil, "", err
	}
	plain := l.fazt
	l.fazt = shell
	i, err := l.start(ctx, "")
	l.fazt = plain
	if err != nil {
		group.remove()
	}
	return i, group, err
}

func (c container) file(name string) string { return filepath.Join(string(c), name) }

// remove removes the group, which is busy until its last process is gone.
func (c container) remove() {
	for range 50 {
		if os.Remove(string(c)) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// kills returns what the group says of processes that the system ended for memory.
func (c container) kills() string {
	text, _ := os.ReadFile(c.file("memory.oom_control"))
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", ", ")
}

// peak returns the most memory that the group has used, in bytes.
func (c container) peak() int64 {
	text, _ := os.ReadFile(c.file("memory.max_usage_in_bytes"))
	n, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n
}
