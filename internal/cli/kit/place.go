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

// OnThisMachine marks a command and its subcommands as local: they use files, processes or the terminal of this machine
// rather than operations.
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

// CutPeer removes the peer, written @name, from the arguments before the command. Flags may precede it.
func CutPeer(args []string) (peer string, rest []string) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case strings.HasPrefix(a, "@"):
			return a, append(append([]string{}, args[:i]...), args[i+1:]...)
		case a == "--db" || a == "--format":
			i++ // its value
		case i == 0 && strings.HasPrefix(a, cobra.ShellCompRequestCmd): // the line to complete follows
		case !strings.HasPrefix(a, "-") || a == "--":
			return "", args
		}
	}
	return "", args
}

// CheckPlace refuses commands that cannot run on the chosen instance.
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

// ChosenPeer returns the peer that the call works on; nil for this machine. A named peer takes precedence over a named
// database, and that over the default peer.
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

// FindPeer finds a peer by its name; the error suggests the nearest.
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

// withoutPeers lets a command without a peer work on this machine although the peers file is unusable, unless that file
// may set a default peer: a command for another machine must not run on this one.
func (c *CLI) withoutPeers(broken error) error {
	path, err := c.PeersFile()
	if err != nil {
		return nil // without a home directory there are no peers
	}
	if client.NoDefault(path) {
		if !c.toldOfPeers {
			fmt.Fprintf(c.Notes(), "note: %s; using this machine\n", errs.Sentence(broken))
		}
		c.toldOfPeers = true
		return nil
	}
	return errs.Wrap(errs.KindOf(broken), broken, "%s; it may set a default peer: put @local before the command to use this machine", errs.Sentence(broken))
}

// OpenPeers reads the peers of the user.
func (c *CLI) OpenPeers() (*client.Peers, error) {
	path, err := c.PeersFile()
	if err != nil {
		return nil, err
	}
	return client.OpenPeers(path)
}

// PeersFile returns the path of the peers of the user: in the folder FAZT_CONFIG, else in ~/.fazt.
func (c *CLI) PeersFile() (string, error) {
	folder := c.Getenv("FAZT_CONFIG")
	if folder == "" {
		home, err := c.Home()
		if err != nil {
			return "", errs.Wrap(errs.Invalid, err, "the home directory is unknown; name a folder for your peers with FAZT_CONFIG")
		}
		folder = filepath.Join(home, ".fazt")
	}
	return filepath.Join(folder, "peers.json"), nil
}
