package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"fazt/internal/errs"
)

// Server is a development server that runs: the process of a command, which belongs to the front end of an app.
type Server struct {
	Command string
	front   *Front
	cmd     *exec.Cmd
	stdin   io.Closer
	lines   *lines
	ended   chan struct{} // closed when the process has ended
	stopped bool          // Stop was called; guarded by front.mu
	watch   sync.WaitGroup
	cancel  context.CancelFunc
}

// Start starts a command in a folder, as npm starts scripts: with the commands of node_modules in the PATH. The command gets a
// free port as the variable PORT and for {port}. It may also listen elsewhere and print its address. Its output goes to out.
func Start(front *Front, dir, command string, out io.Writer) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, errs.Wrap(errs.Unavailable, err, "there is no free port for `%s`", command)
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	line := strings.ReplaceAll(command, "{port}", strconv.Itoa(port))
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{Command: command, front: front, ended: make(chan struct{}), cancel: cancel}
	s.cmd = shell(line)
	s.cmd.Dir = full
	path := filepath.Join(full, "node_modules", ".bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	s.cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "PATH="+path)
	s.cmd.WaitDelay = stopTime
	found := make(chan *url.URL, 1)
	s.lines = &lines{out: io.MultiWriter(out, front), found: found, ignore: line != command}
	s.cmd.Stdout, s.cmd.Stderr = s.lines, s.lines
	// Some servers end when their input does, so that they do not outlive what started them.
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		cancel()
		return nil, err
	}
	front.serving(true, nil, State{Title: "Starting the development server", Detail: line})
	fmt.Fprintf(out, "$ %s\n", line)
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, s.failed(err)
	}
	s.watch.Go(s.wait)
	s.watch.Go(func() { s.find(ctx, port, found) })
	return s, nil
}

// failed reports that the server cannot run.
func (s *Server) failed(cause error) error {
	err := errs.Wrap(errs.Unprocessable, cause, "the development server `%s` ended (%v)", s.Command, cause)
	s.front.ServerFailed(errs.Sentence(err))
	return err
}

// wait waits for the end of the process.
func (s *Server) wait() {
	err := s.cmd.Wait()
	s.lines.flush()
	close(s.ended)
	s.cancel()
	s.front.mu.Lock()
	stopped := s.stopped
	s.front.mu.Unlock()
	if stopped {
		return
	}
	if err == nil {
		err = errors.New("exit status 0")
	}
	fmt.Fprintf(s.lines.out, "%s; save a file to start it again\n", errs.Sentence(s.failed(err)))
}

const (
	probeEvery = 100 * time.Millisecond
	stopTime   = 3 * time.Second // for a server to end by itself
)

// find waits until the server accepts connections: at the address that it prints, or at its port.
func (s *Server) find(ctx context.Context, port int, found <-chan *url.URL) {
	given := &url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", strconv.Itoa(port))}
	look := time.NewTicker(probeEvery)
	defer look.Stop()
	var printed *url.URL
	for {
		select {
		case <-ctx.Done():
			return
		case printed = <-found:
		case <-look.C:
		}
		for _, target := range []*url.URL{printed, given} {
			if target != nil && accepts(ctx, target.Host) {
				s.front.mu.Lock()
				defer s.front.mu.Unlock()
				if ctx.Err() == nil {
					s.front.target, s.front.server = target, State{}
				}
				return
			}
		}
	}
}

func accepts(ctx context.Context, address string) bool {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// Running reports whether the process runs.
func (s *Server) Running() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// Stop ends the process and everything that it started.
func (s *Server) Stop() {
	s.front.mu.Lock()
	s.stopped = true
	s.front.mu.Unlock()
	s.front.serving(false, nil, State{})
	s.cancel()
	_ = s.stdin.Close()
	terminate(s.cmd.Process)
	select {
	case <-s.ended:
	case <-time.After(stopTime):
	}
	kill(s.cmd.Process) // also what is left of its group
	<-s.ended
	s.watch.Wait()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// address matches the address of a server on this machine.
func address() *regexp.Regexp {
	return regexp.MustCompile(`http://(?:localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})\b`)
}

// escapes matches the sequences with which programs color their output.
func escapes() *regexp.Regexp {
	return regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]")
}

func plain(text string) string { return escapes().ReplaceAllString(text, "") }

// lines passes whole lines on, with a prefix, and finds the first address in them.
type lines struct {
	out    io.Writer
	found  chan<- *url.URL
	ignore bool // addresses
	rest   []byte
}

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

func (l *lines) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\n' && len(l.rest) < maxLine {
			l.rest = append(l.rest, c)
			continue
		}
		l.flush()
	}
	return len(p), nil
}

func (l *lines) flush() {
	text := plain(strings.TrimRight(string(l.rest), "\r"))
	l.rest = l.rest[:0]
	if text == "" {
		return
	}
	fmt.Fprintf(l.out, "  %s\n", text)
	if at := address().FindString(text); at != "" && !l.ignore {
		if u, err := url.Parse(at); err == nil {
			l.ignore = true
			l.found <- u
		}
	}
}

func contextWith(r *http.Request, target *url.URL) context.Context {
	return context.WithValue(r.Context(), targetKey{}, target)
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
