package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/egress/rules"
	"fazt/internal/errs"
	"fazt/internal/output"
	"fazt/internal/schema"
)

func (c *command) net() *cobra.Command {
	g := group("net", "Decide which servers functions may reach, and see what they tried",
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

func (c *command) netAllow() *cobra.Command {
	var f allowFlags
	cmd := &cobra.Command{
		Use: "allow DOMAIN", Short: "Allow functions to reach a domain", Args: arguments("the domain"),
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
			return c.existing(func(cl *client.Client) error {
				e, err := client.Call(c.ctx, cl, op.NetAllow, f.NetGrant)
				if err != nil {
					return err
				}
				done := "allowed"
				if e.Replaced {
					done = "allowed anew"
				}
				c.warn(e.NetEntry)
				return c.print(output.View{Value: e, Rows: append([][]string{{done, e.Domain}}, entryRows(e.NetEntry)[1:]...)})
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
			return usagef("--ports is a list of numbers, such as 443,8443; %q is none", text)
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
			return usagef("%s", errs.Sentence(err))
		}
		q.to(n)
	}
	return nil
}

// warn says loudly what an entry opens that others do not.
func (c *command) warn(e op.NetEntry) {
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

func (c *command) netList() *cobra.Command {
	var req op.NetOf
	cmd := &cobra.Command{
		Use: "list", Short: "List the domains that functions may reach", Args: arguments(),
		Example: `  fazt net list
  fazt net list --app shop        what holds for this app`,
		RunE: func(*cobra.Command, []string) error {
			return c.existing(func(cl *client.Client) error {
				list, err := client.Call(c.ctx, cl, op.NetList, req)
				if err != nil {
					return err
				}
				v := output.View{Value: list, Columns: []string{"domain", "app", "reached by", "notes", "updated"}, Empty: "Functions may reach nothing. `fazt net allow DOMAIN` changes that."}
				for _, e := range list {
					c.warn(e)
					v.Rows = append(v.Rows, []string{e.Domain, everyApp(e.App), reachedBy(e.NetRecord), notable(e.NetRecord), output.Time(e.UpdatedAt)})
				}
				return c.print(v)
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "only what holds for this app")
	return cmd
}

func (c *command) netShow() *cobra.Command {
	var req op.NetRef
	cmd := &cobra.Command{
		Use: "show DOMAIN", Short: "Show all that is said of a domain", Args: arguments("the domain"),
		Example: `  fazt net show api.stripe.com --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.Domain = args[0]
			return c.existing(func(cl *client.Client) error {
				e, err := client.Call(c.ctx, cl, op.NetGet, req)
				if err != nil {
					return err
				}
				c.warn(e)
				return c.print(output.View{Value: e, Rows: append(entryRows(e), []string{"allowed", output.Time(e.CreatedAt)}, []string{"updated", output.Time(e.UpdatedAt)})})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the entry of this app (default that of every app)")
	return cmd
}

func (c *command) netRemove() *cobra.Command {
	var req op.NetRef
	cmd := &cobra.Command{
		Use: "remove DOMAIN", Short: "Allow a domain no longer", Args: arguments("the domain"),
		Example: `  fazt net remove api.stripe.com --app shop`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.Domain = args[0]
			return c.existing(func(cl *client.Client) error {
				e, err := client.Call(c.ctx, cl, op.NetRemove, req)
				if err != nil {
					return err
				}
				return c.print(output.View{Value: e, Rows: [][]string{{"removed", e.Domain}, {"app", everyApp(e.App)}}})
			})
		},
	}
	cmd.Flags().StringVar(&req.App, "app", "", "the entry of this app (default that of every app)")
	return cmd
}

func (c *command) netTest() *cobra.Command {
	var req op.NetCall
	cmd := &cobra.Command{
		Use: "test URL", Short: "Tell whether a call would be let out, and why", Args: arguments("the address"),
		Long: `Tell which entry decides about a call of an app, and why, without sending it.
The name is looked up, and each of its addresses judged. Ends with 1 when the
call would be refused.`,
		Example: `  fazt net test https://api.stripe.com/v1/charges --app shop
  fazt net test https://api.stripe.com/v1 --app shop --method POST`,
		RunE: func(_ *cobra.Command, args []string) error {
			req.URL = args[0]
			return c.existing(func(cl *client.Client) error {
				v, err := client.Call(c.ctx, cl, op.NetTest, req)
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
				if err := c.print(output.View{Value: v, Rows: rows}); err != nil || v.Allowed {
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

// netFilter adds the flags that say which attempts.
func netFilter(cmd *cobra.Command, f *op.NetFilter) {
	s := cmd.Flags()
	s.StringVar(&f.App, "app", "", "only those of this app")
	s.StringVar(&f.Domain, "domain", "", "only those to this host, or below *.example.com")
	s.BoolVar(&f.Errors, "errors", false, "only what was refused, failed, or was answered with 500 or more")
	s.StringVar(&f.Since, "since", "", "not older than 30m, 24h, 7d, or 2026-01-31")
}

func (c *command) netLogs() *cobra.Command {
	var f op.NetFilter
	var follow bool
	limit := 20
	cmd := &cobra.Command{
		Use: "logs", Short: "Show what functions tried to reach", Args: arguments(),
		Long: `Show every attempt of functions to reach another server, newest first: each hop
of a call, what was refused, and what failed.`,
		Example: `  fazt net logs
  fazt net logs --app shop --errors --since 24h
  fazt net logs --domain api.stripe.com -f       and go on with what comes`,
		RunE: func(*cobra.Command, []string) (err error) {
			if limit < 1 || limit > 1000 {
				return usagef("-n is how many attempts, 1 to 1000")
			}
			if f.Since, err = wireTime("since", f.Since, time.Now()); err != nil {
				return err
			}
			return c.existing(func(cl *client.Client) error {
				if follow {
					return c.followNet(cl, f, limit)
				}
				page, err := client.Call(c.ctx, cl, op.NetLogs, op.NetLogPage{NetFilter: f, List: op.List{Limit: limit}})
				if err != nil {
					return err
				}
				v := output.View{Value: page.Items, Columns: []string{"time", "app", "call", "outcome", "ms", "bytes", "secret"}, Empty: "There are no such attempts."}
				for _, a := range page.Items {
					v.Rows = append(v.Rows, []string{a.Time.Local().Format("2006-01-02 15:04:05"), a.App, attemptCall(a), attemptOutcome(a), fmt.Sprintf("%.1f", a.Millis), output.Size(a.Received), a.Secret})
				}
				if err := c.print(v); err != nil {
					return err
				}
				if page.Next != "" {
					fmt.Fprintln(c.notes(), "There are older ones; -n shows more.")
				}
				return nil
			})
		},
	}
	netFilter(cmd, &f)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with the attempts as they are made")
	cmd.Flags().IntVarP(&limit, "lines", "n", 20, "how many of the newest, 1 to 1000")
	return cmd
}

// attemptCall is what was to be reached; the arrow marks a redirect.
func attemptCall(a op.NetAttempt) string {
	text := strings.TrimSpace(a.Method + " " + a.Scheme)
	if a.Scheme != "" {
		text += "://"
	}
	text += a.Host + a.Path
	if a.Hop > 0 {
		text = "-> " + text
	}
	return text
}

// attemptOutcome is what came of it, and why nothing did.
func attemptOutcome(a op.NetAttempt) string {
	words := []string{}
	if a.Status > 0 {
		words = append(words, strconv.Itoa(a.Status))
	}
	for _, w := range []string{a.Code, a.Cache} {
		if w != "" {
			words = append(words, w)
		}
	}
	if a.Reason != "" {
		words = append(words, "("+a.Reason+")")
	}
	return strings.Join(words, " ")
}

func (c *command) followNet(cl *client.Client, f op.NetFilter, limit int) error {
	if cl.InProcess() {
		return errs.New(errs.Conflict, "no server is running, so there is nothing to follow; `fazt server start` starts it")
	}
	stream, err := client.Call(c.ctx, cl, op.NetLogsFollow, op.NetTail{NetFilter: f, Limit: limit})
	if err != nil {
		return err
	}
	return c.live(stream, "the log ended: the server stopped, or the key was revoked", func(data []byte) error {
		if output.Format(c.format) == output.JSON {
			_, err := fmt.Fprintf(c.Stdout, "%s\n", data)
			return err
		}
		var a op.NetAttempt
		if err := json.Unmarshal(data, &a); err != nil {
			return errs.Wrap(errs.Unsupported, err, "the answer cannot be read; the server may be another version of Fazt")
		}
		if a.Missed > 0 {
			fmt.Fprintf(c.Stderr, "note: %s came too fast to be shown; `fazt net logs` without -f has them\n", output.Count(a.Missed, "attempt"))
		}
		_, err := fmt.Fprintln(c.Stdout, output.Line(fmt.Sprintf("%s  %s  %s  %s  %.1f ms", a.Time.Local().Format("2006-01-02 15:04:05"), a.App, attemptCall(a), attemptOutcome(a), a.Millis)))
		return err
	})
}

func (c *command) netStats() *cobra.Command {
	var f op.NetFilter
	cmd := &cobra.Command{
		Use: "stats", Short: "Count calls, errors, times and bytes by app and domain", Args: arguments(),
		Long: `Count what the log holds by app and domain. Every hop is a call. Errors are what
was refused or failed, and answers from 500 on; the times are those of calls
that went out, half of which took no longer than p50, and 95 of a hundred than
p95.`,
		Example: `  fazt net stats
  fazt net stats --app shop --since 24h`,
		RunE: func(*cobra.Command, []string) (err error) {
			if f.Since, err = wireTime("since", f.Since, time.Now()); err != nil {
				return err
			}
			return c.existing(func(cl *client.Client) error {
				s, err := client.Call(c.ctx, cl, op.NetStats, f)
				if err != nil {
					return err
				}
				v := output.View{Value: s, Columns: []string{"app", "domain", "calls", "errors", "p50", "p95", "sent", "received", "cached"}, Empty: "There were no calls."}
				for _, row := range s.Domains {
					v.Rows = append(v.Rows, statsRow(row.App, row.Domain, row.NetCount))
				}
				if len(s.Domains) > 1 {
					v.Rows = append(v.Rows, statsRow("(all)", "", s.Total))
				}
				if err := c.print(v); err != nil {
					return err
				}
				if s.Truncated {
					fmt.Fprintln(c.notes(), "There are more than are counted here; --since, --app or --domain narrow it.")
				}
				if s.Dropped > 0 {
					fmt.Fprintf(c.Stderr, "note: %s came faster than they could be logged; `fazt limits set net.log_buffer` makes room\n", output.Count(int(s.Dropped), "attempt"))
				}
				return nil
			})
		},
	}
	netFilter(cmd, &f)
	return cmd
}

func statsRow(app, domain string, s op.NetCount) []string {
	return []string{app, domain, strconv.Itoa(s.Calls), fmt.Sprintf("%d (%.0f %%)", s.Errors, 100*s.ErrorRate), fmt.Sprintf("%.0f ms", s.P50), fmt.Sprintf("%.0f ms", s.P95),
		output.Size(s.Sent), output.Size(s.Received), strconv.Itoa(s.CacheHits)}
}

func (c *command) netCache() *cobra.Command {
	g := group("cache", "See and forget the answers that are kept", c.netCacheShow(), c.netCacheClear())
	g.RunE = func(*cobra.Command, []string) error { return c.showCache() }
	return g
}

func (c *command) netCacheShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show what is kept of answers, and how often it served", Args: arguments(),
		Long: `Show what is kept of answers, and how often it served since the server began.
fazt net cache alone does the same.`,
		Example: `  fazt net cache show`,
		RunE:    func(*cobra.Command, []string) error { return c.showCache() },
	}
}

func (c *command) showCache() error {
	return c.existing(func(cl *client.Client) error {
		s, err := client.Call(c.ctx, cl, op.NetCache, op.None{})
		if err != nil {
			return err
		}
		return c.print(cacheView(s))
	})
}

func (c *command) netCacheClear() *cobra.Command {
	var req op.NetCleared
	cmd := &cobra.Command{
		Use: "clear", Short: "Forget the answers that are kept", Args: arguments(),
		Example: `  fazt net cache clear
  fazt net cache clear --app shop`,
		RunE: func(*cobra.Command, []string) error {
			return c.existing(func(cl *client.Client) error {
				s, err := client.Call(c.ctx, cl, op.NetCacheClear, req)
				if err != nil {
					return err
				}
				return c.print(cacheView(s))
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

// grant is the command that grants what an app asks for, to be typed here for the instance that was asked. For a secret
// it is whole where the app reaches one domain alone; which of several it is for, only the owner knows.
func (c *command) grant(n op.Need, app string, domains []string) string {
	fazt := "fazt "
	if c.peer != "" {
		fazt += c.peer + " "
	}
	if n.Kind == "net" {
		return fmt.Sprintf("%snet allow %s --app %s", fazt, shellWord(n.Name), app)
	}
	domain := "DOMAIN"
	if len(domains) == 1 {
		domain = shellWord(domains[0])
	}
	return fmt.Sprintf("%ssecret set %s --domain %s --app %s", fazt, n.Name, domain, app)
}

// shellWord keeps the shell from taking the star of a domain for the names of files.
func shellWord(domain string) string {
	if strings.Contains(domain, "*") {
		return "'" + domain + "'"
	}
	return domain
}

// sayNeeds tells what an app asks for and nobody granted, with the commands that grant it.
func (c *command) sayNeeds(needs []op.Need, app string, domains []string) {
	for _, n := range needs {
		domain, name := []string{n.Name}, []string(nil)
		if n.Kind == "secret" {
			domain, name = nil, domain
		}
		if rules.CheckNeeds(domain, name) != nil { // what is printed is pasted into a shell
			continue
		}
		what := "the domain " + n.Name + " is not allowed yet"
		if n.Kind == "secret" {
			what = "the secret " + n.Name + " is not set yet"
		}
		fmt.Fprintf(c.Stderr, "note: %s:\n  %s\n", what, c.grant(n, app, domains))
	}
}
