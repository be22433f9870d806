package app

import (
	"fmt"
	"strings"

	"fazt/internal/api/op"
	"fazt/internal/egress/rules"
)

// grant returns the command that grants what an app asks for, on the instance of this call. For a secret it is complete
// only if the app reaches a single domain; which of several domains the secret is for, only the owner knows.
func (c commands) grant(n op.Need, app string, domains []string) string {
	fazt := "fazt "
	if c.Peer != "" {
		fazt += c.Peer + " "
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

// shellWord keeps the shell from expanding the star of a domain to file names.
func shellWord(domain string) string {
	if strings.Contains(domain, "*") {
		return "'" + domain + "'"
	}
	return domain
}

// sayNeeds reports what an app asks for but was not granted, with the commands that grant it.
func (c commands) sayNeeds(needs []op.Need, app string, domains []string) {
	for _, n := range needs {
		domain, name := []string{n.Name}, []string(nil)
		if n.Kind == "secret" {
			domain, name = nil, domain
		}
		if rules.CheckNeeds(domain, name) != nil { // it will be pasted into a shell
			continue
		}
		what := "the domain " + n.Name + " is not allowed yet"
		if n.Kind == "secret" {
			what = "the secret " + n.Name + " is not set yet"
		}
		fmt.Fprintf(c.Stderr, "note: %s:\n  %s\n", what, c.grant(n, app, domains))
	}
}
