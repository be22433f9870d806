// Package net holds the commands on outbound calls: `fazt net` and `fazt secret`.
package net

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/schema"
)

// commands holds what all commands of the package share.
type commands struct{ *kit.CLI }

// Command returns `fazt net` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("net", "Manage which servers functions may reach",
		c.netAllow(), c.netLogs())
	g.Long = `Functions cannot reach another server until you allow its domain. For
credentials that they use but never see, such as an API key: ` + "`fazt secret`" + `.`
	return g
}

// allowFlags holds the flags of an entry, as typed.
type allowFlags struct {
	op.NetGrant
	ports                                 []string
	timeout, maxResponse, cacheTTL, stale string
}

func (c commands) netAllow() *cobra.Command {
	var f allowFlags
	cmd := &cobra.Command{
		Use: "allow DOMAIN", Short: "Allow functions to reach a domain", Args: kit.Arguments("the domain"),
		Long: `Allow functions to reach a domain, at once: HTTPS on port 443, unless flags say
otherwise. *.example.com means all names below example.com, but not example.com
itself. An existing entry for the same domain and app is replaced. The most
specific domain applies; of two entries for the same domain, that of the app.`,
		Example: `  fazt net allow api.stripe.com --app shop
  fazt net allow api.github.com --rate 10 --burst 20 --cache-ttl 60
  fazt net allow api.telegram.org --app bot --path '/bot{token}/{method}'
  fazt net allow '*.example.com' --ports 443,8443 --methods GET,POST
  fazt net allow nas.home.arpa --app photos --private 192.168.1.0/24`,
		RunE: func(_ *cobra.Command, args []string) error {
			f.Domain = args[0]
			if err := f.read(); err != nil {
				return err
			}
			return c.Existing(func(cl *client.Client) error {
				e, err := client.Call(c.Ctx, cl, op.NetAllow, f.NetGrant)
				if err != nil {
					return err
				}
				done := "allowed"
				if e.Replaced {
					done = "allowed again"
				}
				_ = Warn(c.CLI, e.NetEntry) // it never fails
				return c.Print(output.View{Value: e, Rows: append([][]string{{done, e.Domain}}, entryRows(e.NetEntry)[1:]...)})
			})
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.App, "app", "", "only for this app (default: every app)")
	s.BoolVar(&f.HTTP, "http", false, "also plain HTTP, on port 80, which others on the network can read")
	s.StringSliceVar(&f.ports, "ports", nil, "only these ports, such as 443,8443")
	s.StringSliceVar(&f.Methods, "methods", nil, "only these methods, such as GET,POST")
	s.IntVar(&f.Rate, "rate", 0, "calls per second (default: the limit)")
	s.IntVar(&f.Burst, "burst", 0, "calls allowed in a burst (default: the rate)")
	s.StringVar(&f.timeout, "timeout", "", "time one call may take, such as 2000 (ms) or 2s")
	s.StringVar(&f.maxResponse, "max-response", "", "largest response, such as 500000 (bytes) or 500KB")
	s.StringVar(&f.cacheTTL, "cache-ttl", "", "seconds to cache responses that set no lifetime")
	s.StringVar(&f.stale, "stale", "", "seconds to serve stale responses while the server fails")
	s.StringSliceVar(&f.Private, "private", nil, "range of your own network that the domain may resolve to")
	s.StringArrayVar(&f.Paths, "path", nil, "template for logged paths: /bot{token}/{method}; may be repeated")
	return cmd
}

// read parses what was typed.
func (f *allowFlags) read() error {
	f.Ports = nil
	for _, text := range f.ports {
		port, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return kit.Usagef("--ports is a list of numbers, such as 443,8443, not %q", text)
		}
		f.Ports = append(f.Ports, port)
	}
	for _, q := range []struct {
		flag, unit, text string
		to               func(int64)
	}{
		{"--timeout", "ms", f.timeout, func(n int64) { f.Timeout = int(n) }},
		{"--max-response", "bytes", f.maxResponse, func(n int64) { f.MaxResponse = n }},
		{"--cache-ttl", "s", f.cacheTTL, func(n int64) { f.CacheTTL = int(n) }},
		{"--stale", "s", f.stale, func(n int64) { f.Stale = int(n) }},
	} {
		if q.text == "" {
			continue
		}
		n, err := schema.ParseQuantity(q.flag, q.unit, q.text)
		if err != nil {
			return kit.Usagef("%s", errs.Sentence(err))
		}
		q.to(n)
	}
	return nil
}

// Warn prints what makes an entry more dangerous than others.
func Warn(c *kit.CLI, e op.NetEntry) error {
	for _, w := range e.Warnings {
		fmt.Fprintf(c.Stderr, "WARNING: %s: %s\n", e.Domain, output.Line(w))
	}
	return nil
}

// WarnAll prints the warnings of all entries.
func WarnAll(c *kit.CLI, list []op.NetEntry) error {
	for _, e := range list {
		_ = Warn(c, e) // it never fails
	}
	return nil
}

// everyApp returns the name of the app that an entry or a secret is for.
func everyApp(app string) string { return cmp.Or(app, "(every app)") }

// Entry returns the view of one entry.
func Entry(e op.NetEntry) output.View {
	return output.View{Rows: append(entryRows(e), []string{"allowed", output.Time(e.CreatedAt)}, []string{"updated", output.Time(e.UpdatedAt)})}
}

// entryRows formats an entry.
func entryRows(e op.NetEntry) [][]string {
	rows := [][]string{{"domain", e.Domain}, {"app", everyApp(e.App)}, {"reached by", ReachedBy(e)}}
	add := func(is bool, label, format string, args ...any) {
		if is {
			rows = append(rows, []string{label, fmt.Sprintf(format, args...)})
		}
	}
	methods := "all methods"
	if len(e.Methods) > 0 {
		methods = strings.Join(e.Methods, ", ")
	}
	add(true, "methods", "%s", methods)
	add(e.Rate > 0, "rate", "%s", rateText(e.NetRecord))
	add(e.Timeout > 0, "timeout", "%v", time.Duration(e.Timeout)*time.Millisecond)
	add(e.MaxResponse > 0, "largest response", "%s", output.Size(e.MaxResponse))
	add(e.CacheTTL > 0, "cache", "%v", time.Duration(e.CacheTTL)*time.Second)
	add(e.Stale > 0, "stale", "%v more while the server fails", time.Duration(e.Stale)*time.Second)
	for _, p := range e.Private {
		add(true, "PRIVATE", "%s", p)
	}
	for _, p := range e.Paths {
		add(true, "path", "%s", p)
	}
	add(true, "id", "%s", e.ID)
	return rows
}

// ReachedBy returns the protocols and ports of a domain.
func ReachedBy(e op.NetEntry) string {
	text := "HTTPS"
	if e.HTTP {
		text = "HTTPS and PLAIN HTTP"
	}
	if len(e.Ports) == 0 {
		return text
	}
	ports := make([]string, len(e.Ports))
	for i, p := range e.Ports {
		ports[i] = strconv.Itoa(p)
	}
	return text + " on " + strings.Join(ports, ", ")
}

func rateText(e op.NetRecord) string {
	if e.Burst > 0 {
		return fmt.Sprintf("%d/s, bursts of %d", e.Rate, e.Burst)
	}
	return fmt.Sprintf("%d/s", e.Rate)
}

// Notes says in a few words what an entry allows beyond its domain.
func Notes(e op.NetEntry) string {
	var words []string
	for _, p := range e.Private {
		words = append(words, "PRIVATE "+p.String())
	}
	if len(e.Methods) > 0 {
		words = append(words, strings.Join(e.Methods, "|"))
	}
	if e.Rate > 0 {
		words = append(words, rateText(e.NetRecord))
	}
	if e.CacheTTL > 0 {
		words = append(words, fmt.Sprintf("cache %v", time.Duration(e.CacheTTL)*time.Second))
	}
	return strings.Join(words, ", ")
}

// Verdict returns the view of what would happen to a call.
func Verdict(v op.NetVerdict) output.View {
	outcome := "allowed"
	if !v.Allowed {
		outcome = "refused with " + v.Code
	}
	rows := [][]string{{"outcome", outcome}, {"call", strings.TrimSpace(v.Method + " " + v.URL)}}
	if v.Reason != "" {
		rows = append(rows, []string{"reason", v.Reason})
	}
	if v.Entry != nil {
		rows = append(rows, []string{"entry", v.Entry.Domain}, []string{"of", everyApp(v.App)})
	}
	for _, a := range v.Addresses {
		text := "public"
		if a.Private {
			text = "PRIVATE, allowed by the entry"
		}
		if a.Refused != "" {
			text = "refused: " + a.Refused
		}
		rows = append(rows, []string{a.Address.String(), text})
	}
	return output.View{Rows: rows}
}

// Refused prints the warnings of the entry that applies, and fails the command if the call would be refused.
func Refused(c *kit.CLI, v op.NetVerdict) error {
	if v.Entry != nil {
		_ = Warn(c, op.NetEntry{NetRecord: *v.Entry, Warnings: v.Warnings}) // it never fails
	}
	if v.Allowed {
		return nil
	}
	return errs.New(errs.Forbidden, "the call would be refused: %s", v.Reason)
}

// Cache returns the view of the response cache.
func Cache(s op.NetCacheState) output.View {
	return output.View{Rows: [][]string{
		{"responses", strconv.Itoa(s.Items)}, {"size", output.Size(s.Bytes)}, {"served", fmt.Sprintf("%d without a request, %d after revalidation, %d stale while the server failed", s.Hits, s.Revalidated, s.Stale)},
		{"misses", strconv.FormatInt(s.Misses, 10)},
	}}
}
