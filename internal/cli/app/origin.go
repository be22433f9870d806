package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"golang.org/x/term"

	"fazt/internal/api/op"
	"fazt/internal/cli/folder"
	"fazt/internal/client"
	"fazt/internal/errs"
	"fazt/internal/output"
)

// originOf returns where a deploy of dir comes from.
func originOf(dir string) *op.DeployOrigin {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real
	}
	o := &op.DeployOrigin{Folder: shown(full)}
	if host, err := os.Hostname(); err == nil {
		first, _, _ := strings.Cut(host, ".") // the rest may depend on the network
		o.Host = shown(strings.ToLower(first))
	}
	o.Repository, o.Path = folder.Remote(full)
	o.Repository, o.Path = shown(o.Repository), shown(o.Path)
	return o
}

// maxOrigin is what an instance stores of each text, in bytes.
const maxOrigin = 2048

// shown replaces what an instance does not store in a text.
func shown(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxOrigin/3)], "\uFFFD") // which has three bytes
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// sameOrigin reports whether two deploys come from the same project: from clones of one repository, or from one folder.
func sameOrigin(a, b *op.DeployOrigin) bool {
	if a.Repository != "" && a.Repository == b.Repository && a.Path == b.Path {
		return true
	}
	return a.Host == b.Host && a.Folder == b.Folder
}

// originText describes where a deployment came from.
func originText(o *op.DeployOrigin) string {
	text := o.Folder
	if o.Host != "" {
		text += " on " + o.Host
	}
	if o.Repository != "" {
		text += " (" + strings.TrimSuffix(o.Repository+"/"+o.Path, "/") + ")"
	}
	return text
}

// mayReplace asks before a deploy replaces what came from elsewhere. Whoever names the app has decided that.
func (c commands) mayReplace(app string, from *op.DeployOrigin, f deployFlags) error {
	if f.Name != "" || f.replace || f.preview || from == nil {
		return nil
	}
	return c.With(func(cl *client.Client) error {
		had, err := client.Call(c.Ctx, cl, op.AppGet, op.AppRef{App: app})
		if err != nil || had.Live == nil { // there is none yet, or the deploy reports why it cannot be read
			return nil
		}
		var where string
		switch live := had.Live; {
		case live.Source != nil:
			where = sourceText(live.Source)
		case live.Origin != nil && !sameOrigin(live.Origin, from):
			where = originText(live.Origin)
		default:
			return nil
		}
		said := fmt.Sprintf("the app %s was last deployed from %s, %s", app, where, output.Time(had.Live.CreatedAt))
		return c.confirmReplace(said, app, from, f.dryRun)
	})
}

func (c commands) confirmReplace(said, app string, from *op.DeployOrigin, dryRun bool) error {
	if dryRun {
		fmt.Fprintf(c.Notes(), "note: %s\n", output.Line(said))
		return nil
	}
	in, ok := c.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return errs.New(errs.Conflict, "%s; nothing was deployed. --replace replaces it with this folder, and --name deploys the folder as another app", said)
	}
	fmt.Fprintf(c.Stderr, "%s.\nReplace it with %s? [y/N] ", output.Visible(strings.ToUpper(said[:1])+said[1:]), output.Visible(from.Folder))
	typed, _ := bufio.NewReader(in).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(typed)); answer != "y" && answer != "yes" {
		return errs.New(errs.Canceled, "nothing was deployed; --name deploys the folder as another app than %s", app)
	}
	return nil
}
