package cli

import (
	"fmt"

	"fazt/internal/api/op"
	"fazt/internal/cli/alias"
	"fazt/internal/cli/app"
	"fazt/internal/cli/kit"
	"fazt/internal/cli/net"
	"fazt/internal/cli/server"
	"fazt/internal/output"
)

// plain lists the commands that run one operation each: operation, path and arguments, columns, and what does not
// follow from the operation. kit.Derive explains the notation. All other commands do more than that and are written
// by hand in the package of their noun.
func plain() []kit.Plain {
	return []kit.Plain{
		kit.Derive(op.AppList, "app list", apps, kit.Empty(noApps)),
		kit.Derive(op.AppList, "list", apps, kit.Empty(noApps), kit.ShortOf("app list")),
		kit.Derive(op.AppGet, "app info APP", "", kit.Show(app.Info)),
		kit.Derive(op.AppResume, "app resume APP", "", kit.Show(app.Info)),
		kit.Derive(op.AppRollback, "app rollback APP", "app=APP, live=number, deployed=created_at, message, url", kit.Example("fazt app rollback blog --to 3")),
		kit.Derive(op.AppRename, "app rename OLD=app NEW=name", "app=app.name, before, old host name, url", kit.Cell("old host name", app.Kept),
			kit.Example("fazt app rename blog journal --keep redirect"), kit.Hint("From then on, deploy it with --name NEW.")),
		kit.Derive(op.AppFork, "app fork APP NEW=name", "app=name, fork of, files, data, url", kit.Cell("fork of", app.ForkOf), kit.Cell("files", app.Files), kit.CellOf("data", app.Copied),
			kit.Example("fazt app fork blog blog-next --with-data")),
		kit.Derive(op.DeploymentList, "app deployments APP", "number, =, files, size=bytes, created_at, message, url", kit.Cell("", app.State)),

		kit.Derive(op.AliasList, "alias list", "name, kind, points to, updated_at, address", kit.Cell("points to", alias.Leads),
			kit.Empty("There are no aliases. An app gets one with its first deployment.")),
		kit.Derive(op.AliasSwap, "alias swap A=alias B=with", "name, points to now, address", kit.Cell("points to now", func(a op.Alias) string { return a.Leads() })),

		kit.Derive(op.DomainList, "domain list", "host, app, added=created_at, address", kit.Empty("There are no domains. `fazt domain add HOST --app APP` adds one.")),
		kit.Derive(op.DomainAdd, "domain add HOST --app APP", "domain=host, app, address, next", kit.Cell("next", func(d op.Domain) string { return "fazt domain check " + d.Host })),
		kit.Derive(op.DomainCheck, "domain check HOST", "domain=domain.host, app=domain.app, points here=here, found=say, to do?=do"),

		kit.Derive(op.EnvList, "env list APP", "name, value, updated_at", kit.Cell("value", hidden), kit.Empty("There are no variables. `fazt env set APP NAME` sets one.")),
		kit.Derive(op.EnvUnset, "env unset APP NAME", "app=APP, removed=NAME"),

		kit.Derive(op.KeyList, "key list", "name, scopes, begins=prefix, created_at, last_used_at, expires_at", kit.Empty("There are no keys. `fazt key create` creates one.")),
		kit.Derive(op.KeyRevoke, "key revoke KEY", "revoked=name", kit.Ask("revoking the key %s", "it stops working at once, and so do the keys that were created with it")),

		kit.Derive(op.SecretList, "secret list", "name, app, sent to, as, value, last_used", kit.Cell("sent to", net.SentTo), kit.Cell("as", net.SentAs), kit.Cell("value", net.Usable),
			kit.Then(net.WarnSecrets), kit.Empty("There are no secrets. `fazt secret set NAME --domain DOMAIN` sets one."), kit.Example("fazt secret list --app shop")),
		kit.Derive(op.SecretRemove, "secret remove NAME=secret", "removed=name, app", kit.Ask("removing the secret %s", "its value is lost, and functions that use it fail"),
			kit.Example("fazt secret remove STRIPE_KEY --app shop")),

		kit.Derive(op.NetList, "net list", "domain, app, reached by, notes, updated_at", kit.Cell("reached by", net.ReachedBy), kit.Cell("notes", net.Notes), kit.Then(net.WarnAll),
			kit.Empty("Functions may reach nothing. `fazt net allow DOMAIN` changes that."), kit.Example("fazt net list --app shop")),
		kit.Derive(op.NetGet, "net show DOMAIN", "", kit.Show(net.Entry), kit.Then(net.Warn), kit.Example("fazt net show api.stripe.com --app shop")),
		kit.Derive(op.NetRemove, "net remove DOMAIN", "removed=domain, app", kit.Example("fazt net remove api.stripe.com --app shop")),
		kit.Derive(op.NetTest, "net test URL", "", kit.Show(net.Verdict), kit.Then(net.Refused), kit.Hint("Exits with 1 if the call would be refused."),
			kit.Example("fazt net test https://api.stripe.com/v1 --app shop --method POST")),
		kit.Derive(op.NetStats, "net stats", "", kit.Show(net.Stats), kit.Then(net.StatsNotes), kit.Example("fazt net stats --app shop --since 24h")),
		kit.Derive(op.NetCache, "net cache", "", kit.Show(net.Cache)),
		kit.Derive(op.NetCache, "net cache show", "", kit.Show(net.Cache)),
		kit.Derive(op.NetCacheClear, "net cache clear", "", kit.Show(net.Cache), kit.Example("fazt net cache clear --app shop")),

		kit.Derive(op.DatabaseCheck, "database check", "", kit.Show(server.Faults), kit.Then(server.Unsound), kit.Hint("Exits with 1 if there is damage."), kit.Example("fazt database check --content")),
		kit.Derive(op.ServerStatus, "server status", "", kit.Show(server.Status)),
		kit.Derive(op.SystemHealth, "server health", "", kit.Show(server.Health), kit.Then(server.Problems), kit.Hint("Exits with 1 when something needs attention."), kit.Example("fazt @home server health --format json")),
	}
}

const (
	apps   = "name, live, files=live.files, size=live.bytes, updated_at, url"
	noApps = "There are no apps. `fazt app deploy DIR` creates one."
)

// hidden shows that a variable has a value, but not which: lists end up in logs and on screens.
func hidden(v op.EnvVariable) string {
	return fmt.Sprintf("•••••• (%s)", output.Count(v.Length, "byte"))
}
