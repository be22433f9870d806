package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// outside is a private Internet: a network namespace in which every address leads to this process. It has a name server
// with the responses a test wants, web servers on the usual ports, and a certificate authority, and records every
// connection that is opened. The shipped binary knows nothing of this and behaves there as it would in the real world.
type outside struct {
	t     *testing.T
	roots string // file with the authority's certificate

	authority *x509.Certificate
	key       *ecdsa.PrivateKey

	mu      sync.Mutex
	opened  []netip.AddrPort // destinations of connections, except to the product itself
	names   map[string]func(n int) []netip.Addr
	asked   map[string]int
	sites   map[string]http.Handler
	certify map[string]func(*x509.Certificate) // what is wrong with a host's certificate
}

// withOutside runs a test again in a process with its own namespaces, and fn in that process.
func withOutside(t *testing.T, fn func(o *outside)) {
	t.Helper()
	if os.Getenv(insideNamespace) != "" {
		fn(newOutside(t))
		return
	}
	if testing.Short() {
		t.Skip("short: this test runs in a process of its own")
	}
	t.Parallel()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), insideNamespace+"="+program(t))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skipf("the kernel gives no network namespace: %v", err)
	}
	err := cmd.Wait()
	switch {
	case err != nil:
		t.Fatalf("%v\n%s", err, &out)
	case strings.Contains(out.String(), "--- SKIP"):
		t.Skip(out.String())
	}
	t.Log(out.String())
}

// newOutside creates the world of this process.
func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{t: t, names: map[string]func(int) []netip.Addr{}, asked: map[string]int{}, sites: map[string]http.Handler{}, certify: map[string]func(*x509.Certificate){}}
	o.makeNetwork()
	o.makeAuthority()
	o.serveNames()
	for _, port := range []int{80, 8080, 6379} {
		o.serveWeb(port, false)
	}
	for _, port := range []int{443, 8443} {
		o.serveWeb(port, true)
	}
	return o
}

// makeNetwork brings up loopback and routes every address there without assigning it to an interface.
func (o *outside) makeNetwork() {
	o.t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		o.t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		o.t.Skipf("loopback cannot be brought up: %v", err)
	}
	if err := routeToLoopback(unix.AF_INET); err != nil {
		o.t.Skipf("no route can be made: %v", err)
	}
	if err := routeToLoopback(unix.AF_INET6); err != nil {
		o.t.Logf("there is no IPv6 here: %v", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		o.t.Skipf("mounts cannot be made private: %v", err)
	}
	conf := filepath.Join(o.t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"), 0o644); err != nil {
		o.t.Fatal(err)
	}
	if err := unix.Mount(conf, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		o.t.Skipf("the name server cannot be set: %v", err)
	}
}

// routeToLoopback is `ip route add local default dev lo`.
func routeToLoopback(family byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.NativeEndian, v) }
	const size = unix.SizeofNlMsghdr + unix.SizeofRtMsg + 8
	put(unix.NlMsghdr{Len: size, Type: unix.RTM_NEWROUTE, Flags: unix.NLM_F_REQUEST | unix.NLM_F_CREATE | unix.NLM_F_ACK, Seq: 1})
	put(unix.RtMsg{Family: family, Table: unix.RT_TABLE_LOCAL, Protocol: unix.RTPROT_BOOT, Scope: unix.RT_SCOPE_HOST, Type: unix.RTN_LOCAL})
	put(unix.RtAttr{Len: 8, Type: unix.RTA_OIF})
	put(uint32(1)) // loopback is always the first interface
	if err := unix.Sendto(fd, b.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n >= unix.SizeofNlMsghdr+4 {
		if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
			return syscall.Errno(-code)
		}
	}
	return nil
}

func (o *outside) makeAuthority() {
	o.t.Helper()
	var err error
	if o.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		o.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of the tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &o.key.PublicKey, o.key)
	if err != nil {
		o.t.Fatal(err)
	}
	o.authority, _ = x509.ParseCertificate(der)
	o.roots = filepath.Join(o.t.TempDir(), "roots.pem")
	if err := os.WriteFile(o.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		o.t.Fatal(err)
	}
}

// certificate returns a certificate for a host, with the faults in certify.
func (o *outside) certificate(host string) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signer, by := o.key, o.authority
	o.mu.Lock()
	spoil := o.certify[host]
	o.mu.Unlock()
	if spoil != nil {
		spoil(template)
		if template.IsCA { // self-signed
			signer, by = nil, template
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, signer)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// site adds a host to the world: its address and its handler.
func (o *outside) site(host, address string, handler http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names[host] = func(int) []netip.Addr { return []netip.Addr{netip.MustParseAddr(address)} }
	if handler != nil {
		o.sites[host] = handler
	}
}

// name gives a host the addresses that fn returns for its n-th lookup, from 0.
func (o *outside) name(host string, fn func(n int) []netip.Addr) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names[host] = fn
}

func (o *outside) serveNames() {
	packet, err := net.ListenPacket("udp", "127.0.0.1:53")
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { packet.Close() })
	go func() {
		b := make([]byte, 4096)
		for {
			n, from, err := packet.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := o.lookUp(b[:n]); answer != nil {
				_, _ = packet.WriteTo(answer, from)
			}
		}
	}()
}

// lookUp responds to a DNS query, or does not respond.
func (o *outside) lookUp(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	host := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	o.mu.Lock()
	fn := o.names[host]
	n := o.asked[host+q.Type.String()]
	o.asked[host+q.Type.String()]++
	o.mu.Unlock()
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true}, Questions: m.Questions}
	if fn == nil {
		answer.RCode = dnsmessage.RCodeNameError
	} else {
		addresses := fn(n)
		if addresses == nil {
			return nil
		}
		for _, a := range addresses {
			h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
			switch {
			case a.Is4() && q.Type == dnsmessage.TypeA:
				answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
			case a.Is6() && q.Type == dnsmessage.TypeAAAA:
				answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
			}
		}
	}
	data, err := answer.Pack()
	if err != nil {
		return nil
	}
	return data
}

// serveWeb serves a port on every address.
func (o *outside) serveWeb(port int, encrypted bool) {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		o.t.Fatal(err)
	}
	server := &http.Server{Handler: o, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute, TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS10,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			c := &tls.Config{MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return o.certificate(h.ServerName) }}
			switch {
			case strings.HasPrefix(hello.ServerName, "h2."):
				c.NextProtos = []string{"h2", "http/1.1"}
			case strings.HasPrefix(hello.ServerName, "old."):
				c.MaxVersion = tls.VersionTLS11
			}
			return c, nil
		},
	}}
	o.t.Cleanup(func() { server.Close() })
	watched := &watched{l, o}
	go func() {
		if encrypted {
			_ = server.ServeTLS(watched, "", "")
			return
		}
		_ = server.Serve(watched)
	}()
}

// watched records the destinations of connections.
type watched struct {
	net.Listener
	o *outside
}

func (w *watched) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err == nil {
		to, _ := netip.ParseAddrPort(c.LocalAddr().String())
		w.o.mu.Lock()
		w.o.opened = append(w.o.opened, netip.AddrPortFrom(to.Addr().Unmap(), to.Port()))
		w.o.mu.Unlock()
	}
	return c, err
}

// ServeHTTP responds as the requested site.
func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	o.mu.Lock()
	site := o.sites[host]
	o.mu.Unlock()
	if site == nil {
		fmt.Fprintf(w, "trap: %s", r.Host)
		return
	}
	site.ServeHTTP(w, r)
}

// connections returns the connections since the last call.
func (o *outside) connections() []netip.AddrPort {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.opened
	o.opened = nil
	return list
}

// product is the binary under test, with a running server.
type product struct {
	o       *outside
	binary  string
	home    string
	address string
	server  *exec.Cmd
	log     string // file with the server's output
}

// startProduct runs a server.
func (o *outside) startProduct() *product {
	o.t.Helper()
	p := &product{o: o, binary: os.Getenv(insideNamespace), home: o.t.TempDir(), address: "127.0.0.1:7777"}
	p.server, p.log = p.command("server", "start", "--listen", p.address), filepath.Join(p.home, "server.log")
	out, err := os.Create(p.log)
	if err != nil {
		o.t.Fatal(err)
	}
	defer out.Close()
	p.server.Stdout, p.server.Stderr = out, out
	if err := p.server.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		_ = p.server.Process.Signal(syscall.SIGTERM)
		_ = p.server.Wait()
		if o.t.Failed() {
			o.t.Logf("the server said:\n%s", p.said())
		}
	})
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("tcp", p.address); err == nil {
			c.Close()
			return p
		}
	}
	o.t.Fatalf("the server did not start:\n%s", p.said())
	return nil
}

// said returns the server's log.
func (p *product) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.o.t.Error(err)
	}
	return string(text)
}

// cpu returns the processor time the server has used.
func (p *product) cpu() time.Duration {
	p.o.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.server.Process.Pid))
	if err != nil {
		p.o.t.Fatal(err)
	}
	const userTime, ticks = 11, 100 // fields after the name, which may contain spaces; 100 ticks a second
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var user, system int
	if _, err := fmt.Sscan(fields[userTime]+" "+fields[userTime+1], &user, &system); err != nil {
		p.o.t.Fatal(err)
	}
	return time.Duration(user+system) * time.Second / ticks
}

// stop tells the server to stop and returns how long it took; it kills the server after a minute.
func (p *product) stop() time.Duration {
	p.o.t.Helper()
	begun := time.Now()
	if err := p.server.Process.Signal(syscall.SIGTERM); err != nil {
		p.o.t.Fatal(err)
	}
	killed := time.AfterFunc(time.Minute, func() { _ = p.server.Process.Kill() })
	defer killed.Stop()
	if err := p.server.Wait(); err != nil {
		p.o.t.Errorf("the server ended with %v", err)
	}
	return time.Since(begun)
}

func (p *product) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.binary, append(args, "--db", filepath.Join(p.home, "data.db"))...)
	cmd.Dir = p.home
	cmd.Env = append(os.Environ(), "HOME="+p.home, "XDG_CONFIG_HOME="+p.home, "SSL_CERT_FILE="+p.o.roots, "SSL_CERT_DIR=/nowhere",
		// A proxy in the environment would bypass the gate.
		"HTTP_PROXY=http://10.66.66.66:8080", "HTTPS_PROXY=http://10.66.66.66:8080", "ALL_PROXY=http://10.66.66.66:8080")
	return cmd
}

// run runs a command that must succeed.
func (p *product) run(args ...string) string {
	p.o.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.o.t.Fatalf("fazt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// runWith is run with standard input.
func (p *product) runWith(input string, args ...string) string {
	p.o.t.Helper()
	cmd := p.command(args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.o.t.Fatalf("fazt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ask sends a request to an app.
func (p *product) ask(method, app, target, body string, headers ...string) (*http.Response, string) {
	p.o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+target, strings.NewReader(body))
	if err != nil {
		p.o.t.Fatal(err)
	}
	r.Host = app + ".localhost"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := direct.Do(r)
	if err != nil {
		p.o.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		p.o.t.Fatal(err)
	}
	return answer, string(data)
}

// direct returns a client that uses no proxy and follows no redirects.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// folder writes files to deploy.
func (p *product) folder(files map[string]string) string {
	p.o.t.Helper()
	dir := p.o.t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.o.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			p.o.t.Fatal(err)
		}
	}
	return dir
}
