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

// Peers are the other instances this person drives, in a file of theirs that nobody else can read. It is the client's
// own: no instance keeps it.
type Peers struct {
	Default string // name of the peer that commands mean which name none; "" = this machine
	List    []Peer // in the order of their names

	path string
}

// storedPeers is the file.
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

// OpenPeers reads the file at path; one that does not exist has no peers.
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
		return nil, errs.New(errs.Forbidden, "others on this machine can read %s, which holds the keys of your peers; `chmod 600` it, and make new keys if somebody may have", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s cannot be read", path)
	}
	var stored storedPeers
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, errs.Wrap(errs.Invalid, err, "%s is damaged (%s); mend it, or remove it and add the peers again", path, damage(data, err))
	}
	p.Default = stored.Default
	for _, s := range stored.Peers {
		p.List = append(p.List, Peer{s.Name, s.URL, s.Host, s.PlainHTTP, Secret(s.Token)})
	}
	return p, nil
}

// damage says where the file departs from what it should be, and repeats nothing of it: it holds keys.
func damage(data []byte, err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "it is empty"
	case errors.As(err, &syntax):
		return fmt.Sprintf("no JSON from line %d on", 1+bytes.Count(data[:max(0, syntax.Offset-1)], []byte("\n")))
	case errors.As(err, &kind):
		return fmt.Sprintf("%q is of the wrong kind", kind.Field)
	}
	return "no JSON"
}

// NoDefault says whether the file at path surely names no default peer, though it cannot be used: because nothing in it
// says so, or because what is wrong is another thing.
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

// CheckPeerName says whether a peer may be called name.
func CheckPeerName(name string) error {
	switch {
	case name == "":
		return errs.New(errs.Invalid, "the peer needs a name")
	case name == "local":
		return errs.New(errs.Invalid, "local means this machine; choose another name")
	case len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || name[0] == '-':
		return errs.New(errs.Invalid, "%q cannot be the name of a peer: 1 to 63 of a-z, 0-9 and -", name)
	}
	return nil
}

// Find gives a peer by its name.
func (p *Peers) Find(name string) (Peer, bool) {
	i := slices.IndexFunc(p.List, func(x Peer) bool { return x.Name == name })
	if i < 0 {
		return Peer{}, false
	}
	return p.List[i], true
}

// Names are the names of the peers.
func (p *Peers) Names() []string {
	names := make([]string, 0, len(p.List))
	for _, x := range p.List {
		names = append(names, x.Name)
	}
	return names
}

// Add adds a peer under a name that is free.
func (p *Peers) Add(peer Peer) error {
	if err := CheckPeerName(peer.Name); err != nil {
		return err
	}
	if _, taken := p.Find(peer.Name); taken {
		return errs.New(errs.Conflict, "a peer is called %q already; remove it first, or choose another name", peer.Name)
	}
	p.List = append(p.List, peer)
	slices.SortFunc(p.List, func(a, b Peer) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// Remove forgets a peer and its key.
func (p *Peers) Remove(name string) {
	p.List = slices.DeleteFunc(p.List, func(x Peer) bool { return x.Name == name })
	if p.Default == name {
		p.Default = ""
	}
}

// Save replaces the file: it holds the old peers or the new ones, whatever happens in between.
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
	f, err := os.CreateTemp(filepath.Dir(p.path), ".peers-*") // 0600 from the first moment
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
