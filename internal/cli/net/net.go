// Package net holds the commands on outbound calls: `fazt net` and `fazt secret`.
package net

import (
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

// commands are the commands of the package, with what all commands share.
type commands struct{ *kit.CLI }

// Command returns the command `fazt net` with those below it.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	g := kit.Group("net", "Decide which servers functions may reach, and see what they tried",
		c.netAllow(), c.netList(), c.netShow(), c.netRemove(), c.netTest(), c.netLogs(), c.netStats(), c.netCache())
	g.Long = `Functions reach no other server until you allow its domain. What they send with
it, such as a key of an API, they name and never see: ` + "`fazt secret`" + `.`
	return g
}

// allowFlags are what an entry says, as it was typed.
type allowFlags struct {
	op.NetGrant
	ports                                 []string
	timeout, maxResponse, cacheTTL, stale string
}

func (c commands) netAllow() *cobra.Command {
	var f allowFlags
	cmd := &cobra.Command{
		Use: "allow DOMAIN", Short: "Allow functions to reach a domain", Args: kit.Arguments("the domain"),
		Long: `Allow functions to reach a domain, at once: HTTPS on port 443, unless a flag
says otherwise. *.example.com stands for all names below example.com, and not
for example.com itself. An entry for the same domain and app is replaced by this
one. The most specific domain decides, and of two for the same domain that of
the app.`,
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
				c.warn(e.NetEntry)
				return c.Print(output.View{Value: e, Rows: append([][]string{{done, e.Domain}}, entryRows(e.NetEntry)[1:]...)})
			})
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.App, "app", "", "for this app alone (default every app)")
	s.BoolVar(&f.HTTP, "http", false, "plain HTTP too, on port 80; others on the way can read it")
	s.StringSliceVar(&f.ports, "ports", nil, "only these ports, such as 443,8443")
	s.StringSliceVar(&f.Methods, "methods", nil, "only these methods, such as GET,POST")
	s.IntVar(&f.Rate, "rate", 0, "calls in a second (default as the limits say)")
	s.IntVar(&f.Burst, "burst", 0, "calls at once under the rate (default as many as the rate)")
	s.StringVar(&f.timeout, "timeout", "", "time of one call, such as 2000 (ms) or 2s")
	s.StringVar(&f.maxResponse, "max-response", "", "largest answer, such as 500000 (bytes) or 500KB")
	s.StringVar(&f.cacheTTL, "cache-ttl", "", "keep answers, those that do not say how long for so many seconds")
	s.StringVar(&f.stale, "stale", "", "serve kept answers for so many seconds more while the server fails")
	s.StringSliceVar(&f.Private, "private", nil, "range of your own network the domain may lead to")
	s.StringArrayVar(&f.Paths, "path", nil, "log paths of this form by it: /bot{token}/{method}; may be repeated")
	return cmd
}

// read makes numbers of what was typed.
func (f *allowFlags) read() error {
	f.Ports = nil
	for _, text := range f.ports {
		port, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return kit.Usagef("--ports is a list of numbers, such as 443,8443; %q is none", text)
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

// warn says loudly what an entry opens that others do not.
func (c commands) warn(e op.NetEntry) {
	for _, w := range e.Warnings {
		fmt.Fprintf(c.Stderr, "WARNING: %s: %s\n", e.Domain, output.Line(w))
	}
}

// everyApp is how an entry or a secret is shown that is no single app's.
func everyApp(app string) string {
	if app == "" {
		return "(every app)"
	}
	return app
}

// entryRows is an entry for people.
func entryRows(e op.NetEntry) [][]string {
	rows := [][]string{{"domain", e.Domain}, {"app", everyApp(e.App)}, {"reached by", reachedBy(e.NetRecord)}}
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
	add(e.MaxResponse > 0, "largest answer", "%s", output.Size(e.MaxResponse))
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

func reachedBy(e op.NetRecord) string {
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
		return fmt.Sprintf("%d/s, %d at once", e.Rate, e.Burst)
	}
	return fmt.Sprintf("%d/s", e.Rate)
}

// notable is what an entry says beyond its domain, in a few words.
func notable(e op.NetRecord) string {
	var words []string
	for _, p := range e.Private {
		words = append(words, "PRIVATE "+p.String())
	}
	if len(e.Methods) > 0 {
		words = append(words, strings.Join(e.Methods, "|"))
	}
	if e.Rate > 0 {
		words = append(words, rateText(e))
	}
	if e.CacheTTL > 0 {
		words = append(words, fmt.Sprintf("cache %v", time.Duration(e.CacheTTL)*time.Second))
	}
	return strings.Join(words, ", ")
}

func (c commands) netList() *cobra.Command {
	var req op.NetOf
	cmd := &cobra.Command{
		Use: "list", Short: "List the domains that functions may reach", Args: kit.Arguments(),
		Example: `  fazt net list
  fazt net list --app shop        what holds for this app`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				list, err := client.Call(c.Ctx, cl, op.NetList, req)
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"domain", "app", "reached by", "notes", "updated"}, Empty: "Functions may reach nothing. `fazt net allow DOMAIN` changes that."}
				for _, e := range list {
					c.warn(e)
					v.Rows = append(v.Rows, []string{e.Domain, everyApp(e.App), reachedBy(e.NetRecord), notable(e.NetRecord), output.Time(e.UpdatedAt)})
				}
				return c.Print(v)
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "only what holds for this app")
	return cmd
}

func (c commands) netShow() *cobra.Command {
	var req op.NetRef
	cmd := &cobra.Command{
		Use: "show DOMAIN", Short: "Show all that is said of a domain", Args: kit.Arguments("the domain"),
		Example: `  fazt net show api.stripe.com --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.Domain = args[0]
			return c.Existing(func(cl *client.Client) error {
				e, err := client.Call(c.Ctx, cl, op.NetGet, req)
				if err != nil {
					return err
				}
				c.warn(e)
				return c.Print(output.View{Value: e, Rows: append(entryRows(e), []string{"allowed", output.Time(e.CreatedAt)}, []string{"updated", output.Time(e.UpdatedAt)})})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the entry of this app (default that of every app)")
	return cmd
}

func (c commands) netRemove() *cobra.Command {
	var req op.NetRef
	cmd := &cobra.Command{
		Use: "remove DOMAIN", Short: "Allow a domain no longer", Args: kit.Arguments("the domain"),
		Example: `  fazt net remove api.stripe.com --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.Domain = args[0]
			return c.Existing(func(cl *client.Client) error {
				e, err := client.Call(c.Ctx, cl, op.NetRemove, req)
				if err != nil {
					return err
				}
				return c.Print(output.View{Value: e, Rows: [][]string{{"removed", e.Domain}, {"app", everyApp(e.App)}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the entry of this app (default that of every app)")
	return cmd
}

func (c commands) netTest() *cobra.Command {
	var req op.NetCall
	cmd := &cobra.Command{
		Use: "test URL", Short: "Tell whether a call would be let out, and why", Args: kit.Arguments("the address"),
		Long: `Tell which entry decides about a call of an app, and why, without sending it.
The name is looked up, and each of its addresses judged. Ends with 1 when the
call would be refused.`,
		Example: `  fazt net test https://api.stripe.com/v1/charges --app shop
  fazt net test https://api.stripe.com/v1 --app shop --method POST`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.URL = args[0]
			return c.Existing(func(cl *client.Client) error {
				v, err := client.Call(c.Ctx, cl, op.NetTest, req)
				if err != nil {
					return err
				}
				outcome := "allowed"
				if !v.Allowed {
					outcome = "refused with " + v.Code
				}
				rows := [][]string{{"outcome", outcome}, {"call", strings.TrimSpace(v.Method + " " + v.URL)}}
				if v.Reason != "" {
					rows = append(rows, []string{"reason", v.Reason})
				}
				if v.Entry != nil {
					c.warn(op.NetEntry{NetRecord: *v.Entry, Warnings: v.Warnings})
					rows = append(rows, []string{"entry", v.Entry.Domain}, []string{"of", everyApp(v.App)})
				}
				for _, j := range v.Addresses {
					say := "public"
					if j.Private {
						say = "PRIVATE, allowed by the entry"
					}
					if j.Refused != "" {
						say = "refused: " + j.Refused
					}
					rows = append(rows, []string{j.Address.String(), say})
				}
				if err := c.Print(output.View{Value: v, Rows: rows}); err != nil || v.Allowed {
					return err
				}
				return errs.New(errs.Forbidden, "the call would be refused: %s", v.Reason)
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the app that would make the call (default one without entries of its own)")
	cmd.Flags().StringVar(&req.Method, "method", "GET", "the method of the call")
	return cmd
}

func (c commands) netCache() *cobra.Command {
	g := kit.Group("cache", "See and forget the answers that are kept", c.netCacheShow(), c.netCacheClear())
	g.RunE = func(*cobra.Command, []string) error { return c.showCache() }
	return g
}

func (c commands) netCacheShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show what is kept of answers, and how often it served", Args: kit.Arguments(),
		Long: `Show what is kept of answers, and how often it served since the server began.
fazt net cache alone does the same.`,
		Example: `  fazt net cache show`,
		RunE:    func(*cobra.Command, []string) error { return c.showCache() },
	}
}

func (c commands) showCache() error {
	return c.Existing(func(cl *client.Client) error {
		s, err := client.Call(c.Ctx, cl, op.NetCache, op.None{})
		if err != nil {
			return err
		}
		return c.Print(cacheView(s))
	})
}

func (c commands) netCacheClear() *cobra.Command {
	var req op.NetCleared
	cmd := &cobra.Command{
		Use: "clear", Short: "Forget the answers that are kept", Args: kit.Arguments(),
		Example: `  fazt net cache clear
  fazt net cache clear --app shop`,
		RunE: func(*cobra.Command, []string) error {
			return c.Existing(func(cl *client.Client) error {
				s, err := client.Call(c.Ctx, cl, op.NetCacheClear, req)
				if err != nil {
					return err
				}
				return c.Print(cacheView(s))
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "only what is kept for this app")
	return cmd
}

func cacheView(s op.NetCacheState) output.View {
	return output.View{Value: s, Rows: [][]string{
		{"answers", strconv.Itoa(s.Items)}, {"size", output.Size(s.Bytes)}, {"served", fmt.Sprintf("%d at once, %d after asking, %d while the server failed", s.Hits, s.Revalidated, s.Stale)},
		{"asked in vain", strconv.FormatInt(s.Misses, 10)},
	}}
}
