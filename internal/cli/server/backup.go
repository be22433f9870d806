package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// Backup returns `fazt backup`.
func Backup(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	var force, damaged bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Copy the database to a file, even while a server is using it", Args: kit.Arguments("the file"),
		Long: `Copy the database of the instance to a file of this machine. It contains
every write that was acknowledged before, and a server keeps working meanwhile.
The structure of the copy and all its content are checked before it gets its
name; if anything fails, no file is left.

The copy is a whole instance: ` + "`fazt server start --db FILE`" + ` serves it. The key
that encrypts the secrets is never in it: keep a copy of data.db.key somewhere
else.

The copy needs as much space as the database, for a peer on both sides; the key
of the peer must have the scope admin.`,
		Example: `  fazt backup /mnt/disk/monday.db
  fazt @home backup home.db --force`,
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := c.backupTarget(args[0])
			if err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				began := time.Now()
				done, err := c.makeBackup(cl, op.Backup{Path: path, Replace: force, Damaged: damaged})
				if err != nil {
					return err
				}
				return c.printBackup(done, time.Since(began))
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace an existing file")
	cmd.Flags().BoolVar(&damaged, "damaged", false, "keep the copy even if content is damaged")
	return cmd
}

// backupTarget returns the absolute path of the copy. It refuses the names of the database of this machine, also for a
// peer, and of the file with the peers, which servers do not know.
func (c commands) backupTarget(name string) (string, error) {
	switch {
	case name == "":
		return "", kit.Usagef("the name of the file is empty")
	case os.IsPathSeparator(name[len(name)-1]):
		return "", kit.Usagef("%s is a folder; name a file in it", name)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", errs.Wrap(errs.Invalid, err, "%s cannot be used: %v", name, err)
	}
	target := database.Target{Path: path}
	if own, err := c.DatabasePath(); err == nil {
		if err := target.CheckName(own); err != nil {
			return "", err
		}
	}
	if peers, err := c.PeersFile(); err == nil && target.Is(peers) {
		return "", errs.New(errs.Invalid, "%s holds your peers and their keys; give the copy another name", path)
	}
	return path, nil
}

// makeBackup lets the instance of this machine write the file; from a peer it is fetched.
func (c commands) makeBackup(cl *client.Client, req op.Backup) (op.BackedUp, error) {
	bar := kit.NewBar(c.Notes())
	defer bar.Clear()
	if peer, err := c.ChosenPeer(); err != nil || peer != nil {
		bar.Verb = "fetching"
		return client.FetchBackup(c.Ctx, cl, database.Target{Path: req.Path, Replace: req.Replace}, req.Damaged, bar.Show)
	}
	bar.Verb = "copying"
	s, err := client.Call(c.Ctx, cl, op.ServerStatus, op.None{})
	if err != nil {
		return op.BackedUp{}, err
	}
	defer watchCopy(c.Ctx, req.Path, s.Bytes, bar)()
	return client.Call(c.Ctx, cl, op.DatabaseBackup, req)
}

// watchCopy shows the progress of the copy, by its size, until the function it returns is called.
func watchCopy(ctx context.Context, path string, total int64, b *kit.Bar) func() {
	ctx, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			for _, name := range database.Partial(path) {
				if info, err := os.Stat(name); err == nil {
					b.Show(min(info.Size(), total), total)
				}
			}
		}
	})
	return func() { stop(); watching.Wait() }
}

func (c commands) printBackup(done op.BackedUp, took time.Duration) error {
	state := fmt.Sprintf("sound; %s compared with their hashes", output.Count(done.Contents, "content"))
	if len(done.Faults) > 0 {
		state = fmt.Sprintf("damaged like the database: %s", output.Count(len(done.Faults), "fault"))
	}
	v := output.View{Value: done, Rows: [][]string{
		{"backup", done.Path}, {"size", output.Size(done.Bytes)}, {"state", state},
		{"time", took.Round(time.Millisecond).String()},
	}}
	for _, f := range done.Faults {
		v.Rows = append(v.Rows, []string{"fault", f})
	}
	if err := c.Print(v); err != nil {
		return err
	}
	key := "data.db.key of that machine"
	if done.KeyFile != "" {
		key = done.KeyFile
	}
	fmt.Fprintf(c.Notes(), "note: the copy does not contain the key of the secrets (%s); back it up separately\n", key)
	return nil
}
