package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// process is a server under measurement: a child that is always stopped.
type process struct {
	name string
	addr string // 127.0.0.1:port
	cmd  *exec.Cmd
	log  *os.File
}

// start runs a server that listens on addr. Its output goes to <out>/<name>.log. It does not wait until the server
// responds.
func (b *bench) start(ctx context.Context, name, addr, program string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(b.Out, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = b.work
	cmd.Env = append(os.Environ(), "HOME="+b.work, "XDG_DATA_HOME="+b.work, "XDG_CONFIG_HOME="+b.work)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second // then SIGKILL
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &process{name: name, addr: addr, cmd: cmd, log: log}, nil
}

// stop ends the process and returns once it is gone.
func (p *process) stop() {
	kill := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	kill.Stop()
	p.log.Close()
}

// answer waits until the server responds to t with 200, and returns the content encoding and the body. It retries every
// millisecond, because start times are measured with it.
func (p *process) answer(ctx context.Context, t target) (encoding string, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		encoding, body, err := get(ctx, p.addr, t)
		if err == nil {
			return encoding, body, nil
		}
		select {
		case <-ctx.Done():
			return "", nil, fmt.Errorf("no response from %s for %s: %w (see its log: %s)", p.name, t.path, err, p.log.Name())
		case <-time.After(time.Millisecond):
		}
	}
}

// rss returns the resident memory of the process in bytes, as Linux counts it.
func (p *process) rss() (int64, error) { return p.kilobytes("status", "VmRSS:") }

// pss is rss with each page that is mapped several times counted once, as those are that VMs share.
func (p *process) pss() (int64, error) { return p.kilobytes("smaps_rollup", "Pss:") }

// kilobytes returns the figure of that name in a file of /proc, in bytes.
func (p *process) kilobytes(file, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		return 0, err
	}
	_, rest, found := bytes.Cut(text, []byte("\n"+name))
	fields := bytes.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, fmt.Errorf("no %s in /proc %s", name, file)
	}
	kb, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return kb << 10, err
}

// target is one request: what wrk repeats.
type target struct {
	host     string // Host header; "" = the address
	path     string
	encoding string // Accept-Encoding; "" requests uncompressed bytes
}

// get makes one request on a new connection and does not decode the body.
func get(ctx context.Context, addr string, t target) (encoding string, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+t.path, nil)
	if err != nil {
		return "", nil, err
	}
	req.Host = t.host
	req.Header.Set("Accept-Encoding", t.acceptEncoding())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %.200s", res.StatusCode, body)
	}
	return res.Header.Get("Content-Encoding"), body, err
}

func (t target) acceptEncoding() string {
	if t.encoding == "" {
		return "identity"
	}
	return t.encoding
}

// freeAddr returns an unused loopback address.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
