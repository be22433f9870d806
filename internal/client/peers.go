package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"fazt/internal/errs"
)

// Peers are the other instances this user drives, in a private file. They belong to the client: no instance stores
// them.
type Peers struct {
	Default string // the peer for commands that name none; "" = this machine
	List    []Peer // sorted by name

	path string
}

// storedPeers is the file format.
type storedPeers struct {
	Default string       `json:"default,omitempty"`
	Peers   []storedPeer `json:"peers"`
}

type storedPeer struct {
	Name      string `json:"name"`
	URL       string `json:"url"`
	Host      string `json:"host,omitempty"`
	PlainHTTP bool   `json:"plain_http,omitempty"`
	Token     string `json:"token"`
}

// OpenPeers reads the file at path; a missing file has no peers.
func OpenPeers(path string) (*Peers, error) {
	p := &Peers{path: path}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s cannot be read", path)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, errs.New(errs.Forbidden, "other users of this machine can read %s, which holds the keys of your peers; run `chmod 600` on it, and create new keys if they may have leaked", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s cannot be read", path)
	}
	var stored storedPeers
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s is damaged (%s); repair it, or remove it and add the peers again", path, damage(data, err))
	}
	p.Default = stored.Default
	for _, s := range stored.Peers {
		p.List = append(p.List, Peer{s.Name, s.URL, s.Host, s.PlainHTTP, Secret(s.Token)})
	}
	return p, nil
}

// damage says where the file is invalid without quoting it: it holds keys.
func damage(data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "it is empty"
	case errors.As(err, &syntax):
		return fmt.Sprintf("invalid JSON at line %d", 1+bytes.Count(data[:max(0, syntax.Offset-1)], []byte("\n")))
	case errors.As(err, &kind):
		return fmt.Sprintf("%q has the wrong type", kind.Field)
	}
	return "invalid JSON"
}

// NoDefault reports whether the unusable file at path certainly names no default peer, because nothing in it mentions
// one or the problem lies elsewhere.
func NoDefault(path string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	var stored storedPeers
	if err := json.Unmarshal(data, &stored); err != nil {
		return !bytes.Contains(data, []byte(`"default"`))
	}
	return stored.Default == ""
}

// CheckPeerName reports whether name is a valid peer name.
func CheckPeerName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the peer name is missing")
	case name == "local":
		return errs.New(errs.Invalid, "local means this machine; choose another name")
	case len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || name[0] == '-':
		return errs.New(errs.Invalid, "invalid peer name %q: use 1 to 63 of a-z, 0-9 and -", name)
	}
	return nil
}

// Find returns the peer with the given name.
func (p *Peers) Find(name string) (Peer, bool) {
	i := slices.IndexFunc(p.List, func(x Peer) bool { return x.Name == name })
	if i < 0 {
		return Peer{}, false
	}
	return p.List[i], true
}

// Names returns the names of the peers.
func (p *Peers) Names() []string {
	names := make([]string, 0, len(p.List))
	for _, x := range p.List {
		names = append(names, x.Name)
	}
	return names
}

// Add adds a peer. Its name must be free.
func (p *Peers) Add(peer Peer) error {
	if err := CheckPeerName(peer.Name); err != nil {
		return err
	}
	if _, taken := p.Find(peer.Name); taken {
		return errs.New(errs.Conflict, "a peer named %q already exists; remove it first, or choose another name", peer.Name)
	}
	p.List = append(p.List, peer)
	slices.SortFunc(p.List, func(a, b Peer) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// Remove deletes a peer and its key.
func (p *Peers) Remove(name string) {
	p.List = slices.DeleteFunc(p.List, func(x Peer) bool { return x.Name == name })
	if p.Default == name {
		p.Default = ""
	}
}

// Save replaces the file atomically: it holds either the old peers or the new ones.
func (p *Peers) Save() error {
	stored := storedPeers{Default: p.Default, Peers: []storedPeer{}}
	for _, x := range p.List {
		stored.Peers = append(stored.Peers, storedPeer{x.Name, x.URL, x.Host, x.PlainHTTP, string(x.Token)})
	}
	data, err := json.MarshalIndent(stored, "", "  ")
	if err != nil {
		return err
	}
	if err := p.replace(append(data, '\n')); err != nil {
		return errs.Wrap(errs.Invalid, err, "%s cannot be written: %v", p.path, err)
	}
	return nil
}

func (p *Peers) replace(data []byte) error {
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.path), ".peers-*") // 0600 from the start
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), p.path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
