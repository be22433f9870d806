// Package upstreamtest has a server that misbehaves in many ways, for tests of outbound calls: HTTP/2 frame by frame, HTTP/1
// byte by byte, and TLS. The host name that a client asks for selects how: NAME.hostile.test is the Behavior NAME.
package upstreamtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"
)

// Domain is the domain of the hosts of all behaviors.
const Domain = "hostile.test"

// Behavior is one way to misbehave.
type Behavior struct {
	Name  string
	HTTP2 bool
	Body  bool // needs a request with a body
	OK    bool // the request may succeed

	hello func(c net.Conn) // instead of a handshake
	talk  func(c net.Conn) // after it
}

// Host returns the host name that selects the behavior.
func (b Behavior) Host() string { return b.Name + "." + Domain }

// Behaviors returns all behaviors.
func Behaviors() []Behavior {
	return append(append(overTLS(), overHTTP1()...), overHTTP2()...)
}

// Server is a listener that misbehaves.
type Server struct {
	CA       *x509.Certificate // that issued its certificate
	listener net.Listener
	config   *tls.Config
	all      map[string]Behavior
	work     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
	count  map[string]int
}

var errNoHandshake = errors.New("no handshake")

// Serve misbehaves on l until Close.
func Serve(l net.Listener) (*Server, error) {
	s := &Server{listener: l, all: map[string]Behavior{}, open: map[net.Conn]bool{}, count: map[string]int{}}
	for _, b := range Behaviors() {
		s.all[b.Host()] = b
	}
	certificate, err := s.certify()
	if err != nil {
		return nil, err
	}
	s.config = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	s.work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if s.track(conn) {
				s.work.Go(func() {
					defer s.untrack(conn)
					s.serve(conn)
				})
			}
		}
	})
	return s, nil
}

func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.open[conn] = true
	return true
}

func (s *Server) untrack(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// Close closes all connections and waits for their goroutines.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// Connections returns how many connections were made for a behavior.
func (s *Server) Connections(b Behavior) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[b.Name]
}

// PEM returns the certificate of the authority, for SSL_CERT_FILE.
func (s *Server) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.CA.Raw})
}

func (s *Server) serve(conn net.Conn) {
	var chosen Behavior
	config := s.config.Clone()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		chosen = s.all[strings.ToLower(hello.ServerName)]
		s.mu.Lock()
		s.count[chosen.Name]++
		s.mu.Unlock()
		if chosen.hello != nil {
			chosen.hello(hello.Conn)
			return nil, errNoHandshake
		}
		own := s.config.Clone()
		own.NextProtos = []string{"http/1.1"}
		if chosen.HTTP2 {
			own.NextProtos = []string{"h2"}
		}
		return own, nil
	}
	secure := tls.Server(conn, config)
	if err := secure.Handshake(); err != nil || chosen.talk == nil {
		return
	}
	chosen.talk(secure)
}

// certify makes an authority and its certificate for all hosts.
func (s *Server) certify() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of " + Domain}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if s.CA, err = x509.ParseCertificate(der); err != nil {
		return tls.Certificate{}, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: Domain}, DNSNames: []string{Domain, "*." + Domain},
		NotBefore: template.NotBefore, NotAfter: template.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err = x509.CreateCertificate(rand.Reader, leaf, s.CA, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
