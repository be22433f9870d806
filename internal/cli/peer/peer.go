// Package peer holds the commands on peers, the other instances that are managed from here.
package peer

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/auth"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/limitio"
	"fazt/internal/output"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt peer` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("peer", "Manage other instances from here",
		c.peerAdd(), c.peerList(), c.peerStatus(), c.peerDefault(), c.peerRemove())
	g.Long = `Manage other instances from here. Once a peer is added, every command that works
on an instance works on it: ` + "`fazt @name app list`" + `.

Peers are kept in ~/.fazt/peers.json, or in the folder FAZT_CONFIG, which only
you can read. Their keys are never shown.`
	return g
}

// shownPeer is a peer without its key.
type shownPeer struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Host    string `json:"host,omitempty"`
	Default bool   `json:"default"`
}

func showPeer(peers *client.Peers, p client.Peer) shownPeer {
	return shownPeer{Name: p.Name, URL: p.URL, Host: p.Host, Default: p.Name == peers.Default}
}

func (c commands) peerAdd() *cobra.Command {
	var p client.Peer
	var fromStdin, noCheck bool
	cmd := &cobra.Command{
		Use: "add NAME --url URL", Short: "Add another instance", Args: kit.Arguments("the name of the peer"),
		Long: `Add another instance. Its key, created there with ` + "`fazt key create`" + `, is read
from the terminal, without showing it, or from standard input, and tested before
it is saved.

The URL may name the admin host, the domain, or this machine; for the bare
IP address of another machine, add its admin host with --host.`,
		Example: `  fazt peer add home --url https://admin.example.com
  fazt peer add pi --url http://127.0.0.1:4698 --token-stdin < token.txt`,
		RunE: func(_ *cobra.Command, args []string) error {
			p.Name = args[0]
			return c.addPeer(p, fromStdin, noCheck)
		},
	}
	cmd.Flags().StringVar(&p.URL, "url", "", "address of the instance")
	cmd.Flags().StringVar(&p.Host, "host", "", "name of its admin host, if the URL has an IP address")
	cmd.Flags().BoolVar(&p.PlainHTTP, "plain-http", false, "send the key unencrypted over a network")
	cmd.Flags().BoolVar(&fromStdin, "token-stdin", false, "read the key from standard input")
	cmd.Flags().BoolVar(&noCheck, "no-check", false, "do not test the key")
	return cmd
}

func (c commands) addPeer(p client.Peer, fromStdin, noCheck bool) error {
	if p.URL == "" {
		return kit.Usagef("--url is missing")
	}
	peers, err := c.OpenPeers()
	if err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	if err := peers.Add(p); err != nil { // before a key is typed
		return err
	}
	peers.Remove(p.Name)
	if p.Token, err = c.token(fromStdin); err != nil {
		return err
	}
	if p.PlainHTTP {
		fmt.Fprintf(c.Stderr, "note: the key of %s crosses the network unencrypted\n", p.Name)
	}
	rows := [][]string{{"peer", p.Name}, {"url", p.URL}}
	if !noCheck {
		caller, err := c.callerAt(p)
		if err != nil {
			return err
		}
		rows = append(rows, []string{"key", caller.Name}, []string{"scopes", strings.Join(caller.Scopes, ", ")})
	}
	if err := peers.Add(p); err != nil {
		return err
	}
	if err := peers.Save(); err != nil {
		return err
	}
	return c.Print(output.View{Value: showPeer(peers, p), Rows: append(rows, []string{"next", fmt.Sprintf("fazt @%s app list", p.Name)})})
}

// maxToken bounds the line that holds a key; a key has 70 characters.
const maxToken = 4 << 10

// token reads a key from the terminal, without showing it, or from standard input.
func (c commands) token(fromStdin bool) (client.Secret, error) {
	var text string
	terminal, ok := c.Stdin.(*os.File)
	switch {
	case fromStdin:
		line, err := bufio.NewReader(limitio.Max(c.Stdin, maxToken, limitio.ErrTooLong)).ReadString('\n')
		switch {
		case errors.Is(err, limitio.ErrTooLong):
			return "", errs.Wrap(errs.Invalid, err, "the first line of standard input is longer than %d bytes; no key is that long", maxToken)
		case err != nil && line == "":
			return "", errs.Wrap(errs.Invalid, err, "standard input holds no key")
		}
		text = line
	case ok && term.IsTerminal(int(terminal.Fd())):
		typed, err := c.Secret(terminal, "Key (not shown): ")
		if err != nil {
			return "", err
		}
		text = typed
	default:
		return "", kit.Usagef("--token-stdin is missing, and there is no terminal to ask for the key")
	}
	text = strings.TrimSpace(text)
	return client.Secret(text), auth.CheckToken(text)
}

// callerAt asks a peer who the owner of its key is.
func (c commands) callerAt(p client.Peer) (op.Caller, error) {
	cl, err := client.OpenPeer(p)
	if err != nil {
		return op.Caller{}, err
	}
	defer cl.Close()
	return client.Call(c.Ctx, cl, op.CallerGet, op.None{})
}

func (c commands) peerList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the peers", Args: kit.Arguments(),
		Example: `  fazt peer list`,
		RunE: func(*cobra.Command, []string) error {
			peers, err := c.OpenPeers()
			if err != nil {
				return err
			}
			list := []shownPeer{}
			v := output.View{Columns: []string{"name", "", "url"}, Empty: "There are no peers. `fazt peer add NAME --url URL` adds one."}
			for _, p := range peers.List {
				s := showPeer(peers, p)
				list = append(list, s)
				mark := ""
				if s.Default {
					mark = "default"
				}
				v.Rows = append(v.Rows, []string{s.Name, mark, s.URL})
			}
			v.Value = list
			return c.Print(v)
		},
	}
}

// peerState is the state of a peer, as far as its key allows to see it.
type peerState struct {
	shownPeer
	Version string   `json:"version"`
	Key     string   `json:"key"`
	Scopes  []string `json:"scopes"`
	Millis  int64    `json:"millis"`
}

func (c commands) peerStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status NAME", Short: "Test the connection to a peer and its key", Args: kit.Arguments("the name of the peer"),
		Example: `  fazt peer status home`,
		RunE: func(_ *cobra.Command, args []string) error {
			peers, err := c.OpenPeers()
			if err != nil {
				return err
			}
			p, err := kit.FindPeer(peers, strings.TrimPrefix(args[0], "@"))
			if err != nil {
				return err
			}
			began := time.Now()
			caller, err := c.callerAt(*p)
			if err != nil {
				return err
			}
			s := peerState{showPeer(peers, *p), caller.Version, caller.Name, caller.Scopes, time.Since(began).Milliseconds()}
			return c.Print(output.View{Value: s, Rows: [][]string{
				{"peer", s.Name}, {"url", s.URL}, {"version", s.Version}, {"key", s.Key}, {"scopes", strings.Join(s.Scopes, ", ")}, {"time", fmt.Sprintf("%d ms", s.Millis)},
			}})
		},
	}
}

func (c commands) peerDefault() *cobra.Command {
	return &cobra.Command{
		Use: "default NAME", Short: "Choose the instance that commands use by default", Args: kit.Arguments("the name of the peer, or local"),
		Long: `Choose the instance that commands use if they name none; local is this machine.
--db, FAZT_DB and @name take precedence.`,
		Example: `  fazt peer default home
  fazt @local app list          this machine, whatever the default is
  fazt peer default local`,
		RunE: func(_ *cobra.Command, args []string) error {
			peers, err := c.OpenPeers()
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(args[0], "@")
			peers.Default = ""
			if name != "local" {
				p, err := kit.FindPeer(peers, name)
				if err != nil {
					return err
				}
				peers.Default = p.Name
			}
			if err := peers.Save(); err != nil {
				return err
			}
			return c.Print(output.View{Value: map[string]string{"default": name}, Rows: [][]string{{"default", name}}})
		},
	}
}

func (c commands) peerRemove() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Forget a peer and its key", Args: kit.Arguments("the name of the peer"),
		Example: `  fazt peer remove home`,
		RunE: func(_ *cobra.Command, args []string) error {
			peers, err := c.OpenPeers()
			if err != nil {
				return err
			}
			p, err := kit.FindPeer(peers, strings.TrimPrefix(args[0], "@"))
			if err != nil {
				return err
			}
			if err := c.Sure(yes, "removing the peer "+p.Name, "its key is deleted here, but stays valid there", p.Name); err != nil {
				return err
			}
			gone := showPeer(peers, *p)
			peers.Remove(p.Name)
			if err := peers.Save(); err != nil {
				return err
			}
			return c.Print(output.View{Value: gone, Rows: [][]string{{"removed", gone.Name}}})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
