package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fazt/internal/api/op"
	"fazt/internal/cli/kit"
	"fazt/internal/client"
)

func (c commands) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "Print the completion script for a shell",
		Long: `Print the script with which a shell completes commands, flags and the names of
your apps.`,
		Example: `  source <(fazt completion bash)                  also as a line of ~/.bashrc
  fazt completion zsh > "${fpath[1]}/_fazt"
  fazt completion fish > ~/.config/fish/completions/fazt.fish
  fazt completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return kit.Arguments("the name of the shell")(nil, args)
			}
			for _, s := range shells {
				if s == args[0] {
					return nil
				}
			}
			hint := ""
			if near := kit.Nearest(args[0], shells); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return kit.Usagef("no completion script for %q; use one of %s%s", args[0], strings.Join(shells, ", "), hint)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(c.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(c.Stdout)
			case "fish":
				return root.GenFishCompletion(c.Stdout, true)
			}
			return root.GenPowerShellCompletionWithDesc(c.Stdout)
		},
	}
}

// completeWords lets the shell complete formats, and names of apps if the first argument is one.
func (c commands) completeWords(root *cobra.Command) {
	_ = root.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"table", "json", "markdown"}, cobra.ShellCompDirectiveNoFileComp))
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if words := strings.Fields(cmd.Use); len(words) > 1 && words[1] == "APP" && cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = c.completeApps
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// completeWait bounds how long a Tab may take when the instance is busy.
const completeWait = time.Second

func (c commands) completeApps(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Ctx, completeWait)
	defer cancel()
	quick := *c.CLI
	quick.Ctx = ctx
	var names []string
	err := quick.Existing(func(cl *client.Client) error {
		page, err := client.Call(ctx, cl, op.AppList, op.List{Limit: 1000})
		for _, a := range page.Items {
			names = append(names, a.Name)
		}
		return err
	})
	if err != nil { // an error message would disturb the line being typed
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
