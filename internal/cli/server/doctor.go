package server

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/database"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/listener"
	"fazt/internal/output"
	"fazt/internal/system"
)

// finding is the result of one check of `fazt doctor`.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, warning or problem
	Found  string `json:"found"`
	Advice string `json:"advice"` // what to do; "" = nothing
}

const (
	fine    = "ok"
	warning = "warning"
	problem = "problem"
)

// Doctor returns `fazt doctor`.
func Doctor(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return &cobra.Command{
		Use: "doctor", Short: "Find problems with the instance on this machine", Args: kit.Arguments(),
		Long: `Check the database, its files, the socket, the port, the names, the clock and
the disk of the instance on this machine. Nothing is changed. Exits with 1 if
there is a problem; warnings do not count.`,
		Example: `  fazt doctor
  fazt doctor --format json`,
		RunE: func(*cobra.Command, []string) error {
			path, err := c.DatabasePath()
			if err != nil {
				return err
			}
			list := c.examine(path)
			v := output.View{Value: list, Columns: []string{"check", "state", "found"}, Wraps: true}
			problems := 0
			for _, f := range list {
				v.Rows = append(v.Rows, []string{f.Check, f.State, f.Found})
				if f.Advice != "" {
					v.Rows = append(v.Rows, []string{"", "", "-> " + f.Advice})
				}
				if f.State == problem {
					problems++
				}
			}
			if err := c.Print(v); err != nil || problems == 0 {
				return err
			}
			return errs.New(errs.Unprocessable, "%s found", output.Count(problems, "problem"))
		},
	}
}

// examine runs all possible checks, even if some fail.
func (c commands) examine(path string) []finding {
	list := []finding{checkClock(path, time.Now())}
	if _, err := c.OpenPeers(); err != nil {
		list = append(list, finding{"peers", problem, errs.Sentence(err), "until this is fixed, @NAME and `fazt peer` do not work"})
	}
	if _, err := os.Stat(path); err != nil {
		return append(list, checkDisk(path, system.Defaults().Storage, database.Space),
			finding{"database", problem, fmt.Sprintf("there is no %s", path), "`fazt server start` creates it; --db names another"})
	}
	list = append(list, checkModes(path)) // before anything opens the file: opening tightens the modes
	var s op.ServerState
	var settings system.Settings
	limits := system.Defaults()
	var sound, secrets, disk finding
	var content []finding
	err := c.With(func(cl *client.Client) (err error) {
		if s, err = client.Call(c.Ctx, cl, op.ServerStatus, op.None{}); err != nil {
			return err
		}
		if settings, err = client.Call(c.Ctx, cl, op.SettingsGet, op.None{}); err != nil {
			return err
		}
		if limits, err = client.Call(c.Ctx, cl, op.LimitsGet, op.LimitsOf{}); err != nil {
			return err
		}
		disk, content = checkDisk(path, limits.Storage, database.Space), c.checkContent(cl)
		if s.Running {
			if disk, content, err = c.checkHealth(cl, disk); err != nil {
				return err
			}
		}
		sound = c.checkDatabase(cl, path)
		secrets, err = c.checkSecrets(cl, path)
		return err
	})
	if err != nil {
		text := errs.Sentence(err)
		if errs.Is(err, errs.Internal) {
			text = err.Error()
		}
		return append(list, checkDisk(path, limits.Storage, database.Space), finding{"database", problem, text, "restore it from a backup if it is damaged; --db names another"})
	}
	list = append(append(list, disk, sound), content...)
	list = append(list, secrets, checkSocket(path, s), checkVersion(s), checkOwner(s))
	list = append(list, c.checkPorts(s, settings.Listen)...)
	return append(list, checkNames(c.Ctx, s.Domain, net.DefaultResolver.LookupNetIP, net.InterfaceAddrs))
}

// largeWAL is far more than a checkpoint leaves.
const largeWAL = 1 << 30

func (c commands) checkDatabase(cl *client.Client, path string) finding {
	size, wal := fileSize(path), fileSize(path+"-wal")
	found := fmt.Sprintf("%s, %s", path, output.Size(size))
	if wal > 0 {
		found += fmt.Sprintf(" and %s in its -wal file", output.Size(wal))
	}
	rows, err := client.Call(c.Ctx, cl, op.SQLQuery, op.Statement{SQL: "PRAGMA quick_check(1)"})
	switch {
	case errs.Is(err, errs.Timeout):
		return finding{"database", fine, found + "; too large for a quick check", "`fazt database check` checks all of it"}
	case err != nil:
		return finding{"database", problem, found + "; " + errs.Sentence(err), "restore it from a backup"}
	case len(rows.Rows) != 1 || string(rows.Rows[0][0]) != `"ok"`:
		return finding{"database", problem, found + "; it is damaged", "`fazt database check` lists the faults; restore it from a backup"}
	case wal > largeWAL:
		return finding{"database", warning, found, "the -wal file is large because something has been reading from the database for a long time; restart the server"}
	}
	return finding{"database", fine, found + "; passed a quick check", ""}
}

// checkSecrets checks that the instance can decrypt its secrets with its key.
func (c commands) checkSecrets(cl *client.Client, path string) (finding, error) {
	list, err := client.Call(c.Ctx, cl, op.SecretList, op.NetOf{})
	if err != nil {
		return finding{}, err
	}
	for _, s := range list {
		if s.Fault != "" {
			return finding{"secrets", problem, fmt.Sprintf("%s cannot be used: %s", s.Name, s.Fault), "`fazt secret list` shows all; functions that name one fail with NET_AUTH"}, nil
		}
	}
	if len(list) == 0 {
		return finding{"secrets", fine, "no secrets", ""}, nil
	}
	key := rules.KeyFile(path)
	if _, err := os.Stat(key); err != nil { // but all secrets can be used
		key = rules.MasterKeyVariable
	}
	return finding{"secrets", fine, fmt.Sprintf("%s, under the key in %s", output.Count(len(list), "secret"), key), "keep that key with your backups, but not in them: without it all secrets must be set again"}, nil
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// checkModes checks that no other user of the machine can read or change the files.
func checkModes(path string) finding {
	if runtime.GOOS == "windows" {
		return finding{"file modes", fine, "controlled by Windows access lists", ""}
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", listener.SocketPath(path), rules.KeyFile(path)} {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o077 != 0 {
			return finding{"file modes", problem, fmt.Sprintf("other users of this machine can access %s (mode %o)", name, info.Mode().Perm()), "chmod 600 " + name}
		}
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return finding{"file modes", problem, fmt.Sprintf("other users of this machine can replace the files in %s (mode %o)", dir, info.Mode().Perm()), "chmod go-w " + dir}
	}
	return finding{"file modes", fine, "only the owner can access the files", ""}
}

func checkSocket(path string, s op.ServerState) finding {
	if s.Running && s.PID == 0 {
		return finding{"server", problem, "running, but its control socket was not found: the folder of the database is not writable", "make the folder writable, or run this command as the user of the server"}
	}
	if s.Running {
		return finding{"server", fine, fmt.Sprintf("running (process %d) and responding on its socket", s.PID), ""}
	}
	if _, err := os.Stat(listener.SocketPath(path)); err == nil {
		return finding{"server", warning, "not running; a server that was killed left its socket", "`fazt server start` starts it and replaces the socket"}
	}
	return finding{"server", warning, "not running", "`fazt server start` starts it"}
}

func checkVersion(s op.ServerState) finding {
	if s.Version != system.Version {
		return finding{"version", warning, fmt.Sprintf("the server is %s, this command %s", s.Version, system.Version), "restart the server: `fazt server stop`, then `fazt server start`"}
	}
	return finding{"version", fine, s.Version, ""}
}

func checkOwner(s op.ServerState) finding {
	if !s.Owner {
		return finding{"owner", warning, "the instance has no owner with a password", "`fazt server init` creates one"}
	}
	return finding{"owner", fine, "set", ""}
}

// checkPorts sends a request to the running server at each of its addresses, or tries to listen on those a server would use.
func (c commands) checkPorts(s op.ServerState, wanted []string) []finding {
	var list []finding
	if !s.Running {
		for _, address := range wanted {
			l, err := listener.TCP(address, nil)
			if err != nil {
				list = append(list, finding{"port", problem, errs.Sentence(err), "choose another with `fazt server start --listen`"})
				continue
			}
			l.Close()
			list = append(list, finding{"port", fine, address + " is free", ""})
		}
		return list
	}
	for _, address := range s.Listen {
		if err := c.askFazt(address, s.Domain); err != nil {
			list = append(list, finding{"port", problem, fmt.Sprintf("%s does not respond as this server: %v", address, err), "restart the server; look for a firewall or another program at that port"})
			continue
		}
		list = append(list, finding{"port", fine, address + " responds", ""})
	}
	return list
}

// askWait bounds the response time of a server on this machine.
const askWait = 5 * time.Second

func (c commands) askFazt(address, domain string) error {
	ctx, cancel := context.WithTimeout(c.Ctx, askWait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(address)+op.SchemaOpenAPI.Spec.Path, nil)
	if err != nil {
		return err
	}
	r.Host = "admin." + domain
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Request-Id") == "" {
		return fmt.Errorf("another program responds there (HTTP %d)", resp.StatusCode)
	}
	return nil
}

// reachable returns an address of this machine at which a listener on all addresses responds.
func reachable(address string) string {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !ap.Addr().IsUnspecified() {
		return address
	}
	if ap.Addr().Is4() {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), ap.Port()).String()
}

// lookupWait bounds DNS lookups.
const lookupWait = 3 * time.Second

// checkNames checks that the names of apps resolve to this machine. Names below localhost are not looked up: programs
// resolve them themselves (RFC 6761), and name servers do not know them.
func checkNames(ctx context.Context, domain string, lookup func(ctx context.Context, network, host string) ([]netip.Addr, error), own func() ([]net.Addr, error)) finding {
	if domain == "localhost" || strings.HasSuffix(domain, ".localhost") {
		return finding{"names", fine, "browsers and curl resolve *." + domain + " to this machine; other programs may not", ""}
	}
	here := map[netip.Addr]bool{}
	addresses, _ := own()
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			here[p.Addr().Unmap()] = true
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	for _, host := range []string{domain, "fazt-doctor." + domain} {
		found, err := lookup(ctx, "ip", host)
		if err != nil || len(found) == 0 {
			return finding{"names", problem, host + " does not resolve", fmt.Sprintf("create DNS records for %s and *.%s that point to this machine", domain, domain)}
		}
		for _, a := range found {
			if a = a.Unmap(); !a.IsLoopback() && !here[a] {
				return finding{"names", warning, fmt.Sprintf("%s resolves to %s, which is not an address of this machine", host, a), "fine if a router or proxy there forwards to this machine; otherwise change the record"}
			}
		}
	}
	return finding{"names", fine, fmt.Sprintf("%s and *.%s resolve to this machine", domain, domain), ""}
}

// checkClock compares the clock with the last change of the database: a clock behind that is wrong. A more precise check
// would need another clock.
func checkClock(path string, now time.Time) finding {
	newest := time.Time{}
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	if newest.Sub(now) > time.Minute {
		return finding{"clock", problem, fmt.Sprintf("it is %s, and the database was last written at %s", now.UTC().Format(time.RFC3339), newest.UTC().Format(time.RFC3339)), "set the clock, or turn on network time"}
	}
	return finding{"clock", fine, now.UTC().Format(time.RFC3339) + "; not behind the database", ""}
}

// checkDisk checks the disk as a server with these limits does.
func checkDisk(path string, limits system.Storage, space func(string) (free, total int64, err error)) finding {
	dir := filepath.Dir(path)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) { // the directory may not exist yet
		if _, err := os.Stat(dir); err == nil {
			break
		}
	}
	free, total, err := space(dir)
	if err != nil {
		return finding{"disk", warning, fmt.Sprintf("the free space at %s is unknown: %v", dir, err), ""}
	}
	if err := database.Unwritable(path); err != nil && dir == filepath.Dir(path) {
		return foundDisk(database.DiskFailing, err.Error())
	}
	low, reserve := limits.Space(total)
	if state, reason := database.JudgeSpace(free, low, reserve); state != database.DiskSound {
		return foundDisk(state, reason)
	}
	return finding{"disk", fine, fmt.Sprintf("%s free at %s", output.Size(free), dir), ""}
}

// foundDisk is a disk that needs attention.
func foundDisk(state database.DiskState, reason string) finding {
	switch state {
	case database.DiskLow:
		return finding{"disk", warning, reason, "free some space before writes start to fail"}
	case database.DiskScarce:
		return finding{"disk", problem, reason, "free some space: functions cannot store anything"}
	case database.DiskFull:
		return finding{"disk", problem, reason, "free some space: nothing can be stored"}
	}
	if state > database.DiskFailing {
		return finding{"disk", problem, reason, "nothing is written anymore; `fazt server health` says what to do"}
	}
	return finding{"disk", problem, reason, "nothing can be stored until the folder of the database is writable"}
}

// checkContent reports damaged content that the last server found.
func (c commands) checkContent(cl *client.Client) []finding {
	rows, err := client.Call(c.Ctx, cl, op.SQLQuery, op.Statement{SQL: "SELECT count(*) FROM damage HAVING count(*) > 0"})
	if err != nil || len(rows.Rows) == 0 { // other checks report what is wrong with the database
		return nil
	}
	return []finding{{"content", warning, fmt.Sprintf("some of it is damaged: %s", rows.Rows[0][0]), "`fazt database check --content` lists it"}}
}

// checkHealth asks the running server about its disk and about damaged content; disk is the finding from outside.
func (c commands) checkHealth(cl *client.Client, disk finding) (finding, []finding, error) {
	h, err := client.Call(c.Ctx, cl, op.SystemHealth, op.None{})
	if err != nil {
		return disk, nil, err
	}
	if h.Disk.State != database.DiskSound.String() {
		disk = foundDisk(database.DiskStateOf(h.Disk.State), h.Disk.Reason)
	}
	var content []finding
	for _, text := range h.Damage {
		content = append(content, finding{"content", warning, text, "`fazt database check --content` checks all of it"})
	}
	return disk, content, nil
}
