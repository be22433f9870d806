package kit

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/client"
	"fazt/internal/errs"
)

// localOnly marks commands that work on this machine only.
const localOnly = "this machine only"

// OnThisMachine marks a command, and those below it, as one that works on this machine only: with files, processes or
// a terminal of this machine rather than with operations.
func OnThisMachine(cmd *cobra.Command) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[localOnly] = "yes"
	return cmd
}

// IsLocalOnly reports whether a command works on this machine only.
func IsLocalOnly(cmd *cobra.Command) bool {
	for ; cmd != nil; cmd = cmd.Parent() {
		if cmd.Annotations[localOnly] != "" {
			return true
		}
	}
	return false
}

// CutPeer takes the peer, written @name, from in front of the command. Flags may stand before it.
func CutPeer(args []string) (peer string, rest []string) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case strings.HasPrefix(a, "@"):
			return a, append(append([]string{}, args[:i]...), args[i+1:]...)
		case a == "--db" || a == "--format":
			i++ // its value
		case i == 0 && strings.HasPrefix(a, cobra.ShellCompRequestCmd): // what is to be completed follows
		case !strings.HasPrefix(a, "-") || a == "--":
			return "", args
		}
	}
	return "", args
}

// CheckPlace refuses what cannot be carried out where the call wants it.
func (c *CLI) CheckPlace(cmd *cobra.Command) error {
	c.here = IsLocalOnly(cmd)
	switch {
	case c.Peer == "" || c.Peer == "@local":
		return nil
	case c.Peer == "@":
		return Usagef("the name of the peer is missing after @")
	case c.here:
		return Usagef("`%s` works on this machine only; run it without %s, or on that machine itself", cmd.CommandPath(), c.Peer)
	case c.Database != "":
		return Usagef("--db names a database of this machine, and %s is another", c.Peer)
	}
	return nil
}

// ChosenPeer is the instance that the call means: nil for that of this machine. A peer that is named comes before a
// database that is named, and that before the default peer.
func (c *CLI) ChosenPeer() (*client.Peer, error) {
	name := strings.TrimPrefix(c.Peer, "@")
	if c.here || name == "local" || name == "" && (c.Database != "" || c.Getenv("FAZT_DB") != "") {
		return nil, nil
	}
	peers, err := c.OpenPeers()
	if err != nil && name == "" {
		return nil, c.withoutPeers(err)
	}
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = peers.Default
	}
	if name == "" {
		return nil, nil
	}
	return FindPeer(peers, name)
}

// FindPeer finds a peer by its name, and names the nearest when there is none.
func FindPeer(peers *client.Peers, name string) (*client.Peer, error) {
	if p, ok := peers.Find(name); ok {
		return &p, nil
	}
	text := fmt.Sprintf("no peer is called %q", name)
	if near := Nearest(name, append(peers.Names(), "local")); near != "" {
		text += fmt.Sprintf("; did you mean @%s?", near)
	} else if len(peers.List) == 0 {
		text += "; `fazt peer add` adds one"
	} else {
		text += "; there are @" + strings.Join(peers.Names(), ", @")
	}
	return nil, errs.New(errs.NotFound, "%s", text)
}

// withoutPeers lets a command that names no peer work on this machine though the file of the peers cannot be used,
// unless that file may say that such commands mean a peer: what was meant for another machine must not happen to this.
func (c *CLI) withoutPeers(broken error) error {
	path, err := c.PeersFile()
	if err != nil {
		return nil //nolint:nilerr // without a home there are no peers
	}
	if client.NoDefault(path) {
		if !c.toldOfPeers {
			fmt.Fprintf(c.Notes(), "note: %s; this machine is meant\n", errs.Sentence(broken))
		}
		c.toldOfPeers = true
		return nil
	}
	return errs.Wrap(errs.KindOf(broken), broken, "%s; commands that name no peer may mean one by it: @local before the command means this machine", errs.Sentence(broken))
}

// OpenPeers reads the peers of the person.
func (c *CLI) OpenPeers() (*client.Peers, error) {
	path, err := c.PeersFile()
	if err != nil {
		return nil, err
	}
	return client.OpenPeers(path)
}

// PeersFile is where the peers of the person are: in the folder FAZT_CONFIG, else in ~/.fazt.
func (c *CLI) PeersFile() (string, error) {
	folder := c.Getenv("FAZT_CONFIG")
	if folder == "" {
		home, err := c.Home()
		if err != nil {
			return "", errs.Wrap(errs.Invalid, err, "your home directory is not known; name a folder for your peers with FAZT_CONFIG")
		}
		folder = filepath.Join(home, ".fazt")
	}
	return filepath.Join(folder, "peers.json"), nil
}
