package app

import (
	"strings"

	"github.com/spf13/cobra"

	"fazt/internal/cli/kit"
)

// Command returns `fazt app` with its subcommands.
func Command(shared *kit.CLI) *cobra.Command {
	c := commands{shared}
	return kit.Group("app", "Deploy and manage apps",
		c.appCreate(), c.appValidate(), c.appDeploy(), c.appInstall(), c.appUpgrade(), c.appOpen(), c.appRemove(),
		c.appFiles(), c.appCat(), c.appPull(), c.appLogs())
}

// ShortForms returns the most common commands, without `app` before them.
func ShortForms(shared *kit.CLI) []*cobra.Command {
	c := commands{shared}
	short := []*cobra.Command{c.appDeploy(), c.appOpen()}
	for _, cmd := range short {
		cmd.Short += " (fazt app " + cmd.Name() + ")"
		cmd.Example = strings.ReplaceAll(cmd.Example, "fazt app "+cmd.Name(), "fazt "+cmd.Name())
	}
	return short
}
