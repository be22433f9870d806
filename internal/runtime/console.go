package runtime

import (
	"time"

	"fazt/internal/limitio"
	"fazt/internal/quickjs"
)

// consoleFuncs write to the console of the app.
func consoleFuncs() Table {
	return Table{
		"trace": func(a Args) (quickjs.Value, error) {
			if a.vm.pool == nil { // a module of the product that is being loaded
				return a.Returns(a.Text(0))
			}
			return a.Returns(a.vm.pool.positions.Map(a.vm.program, a.Text(0)))
		},
		"callee": func(a Args) (quickjs.Value, error) {
			return a.Returns(a.vm.program.Callee(int(a.Number(0)), int(a.Number(1))))
		},
		"print": Notice(func(inv *Invocation, a Args) { inv.Print(a.Text(0), a.Text(1)) }),
		"report": Notice(func(inv *Invocation, a Args) {
			inv.Print("error", a.vm.program.Trace(a.Realm().Describe(a.Value(0))))
		}),
	}
}

// Print writes a console line, within the bounds of the invocation.
func (inv *Invocation) Print(level, text string) {
	inv.lines++
	switch {
	case inv.lines == inv.limits.ConsoleLines+1:
		text = "(more lines of this request were not kept)"
		level = "warn"
	case inv.lines > inv.limits.ConsoleLines:
		return
	}
	if room := inv.limits.ConsoleBytes - inv.bytes; len(text) > room {
		text = limitio.Cut(text, room) + "… (cut)"
	}
	inv.bytes += len(text)
	inv.engine.config.Console.WriteLine(Line{
		AppID: inv.fn.AppID, Deployment: inv.fn.Deployment, Number: inv.fn.Number, RequestID: inv.fn.RequestID,
		Level: level, Message: text, Time: time.Now(),
	})
}

// logFailure writes a failure with its stack to the app's log.
func (inv *Invocation) logFailure(vm *VM, err error) {
	inv.lines, inv.bytes = min(inv.lines, inv.limits.ConsoleLines-1), min(inv.bytes, inv.limits.ConsoleBytes/2) // the failure itself always has room
	inv.Print("error", vm.program.Trace(err))
}

// logRejections writes unhandled rejections to the app's log.
func (inv *Invocation) logRejections(vm *VM) {
	for _, err := range vm.realm.Unhandled() {
		if inv.failed == nil || err.Error() != inv.failed.Error() {
			inv.Print("error", "unhandled rejection: "+vm.program.Trace(err))
		}
	}
}
