package runtime

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"fazt/internal/runtime/compile"
	"fazt/internal/share"
)

// Console takes the lines that functions print. It must not block.
type Console interface{ WriteLine(Line) }

// Line is one line of an app's console.
type Line struct {
	AppID      string
	Deployment string
	Number     int
	RequestID  string
	Level      string // debug, info, warn, error
	Message    string
	Time       time.Time
}

// Function is the function of a deployment, and what an invocation of it is told.
type Function struct {
	AppID, AppName string
	Deployment     string // whose VMs serve it
	Number         int
	Load           func(ctx context.Context) (*compile.Program, error) // reads the program, once for all its VMs
	Env            *Env
	RequestID      string
	ClientIP       string
	Client         netip.Prefix // the addresses that count as one client; zero = not known
	Admission      Admission    // nil = as many requests as come may be in work
	HTTPS          bool         // the visitor's connection is encrypted, though the one that arrived here is not
	Ends           time.Time    // by then the request is to be answered; zero = only the limits of the function count
	Dev            bool         // the visitor is the author: show them the failure

	Source func(ctx context.Context, path string) ([]byte, error) // reads a file, to show it to the author; nil = none is shown
}

// Holder returns whose share of scarce resources an invocation uses.
func (f *Function) Holder() share.Holder { return share.Holder{App: f.AppID, Client: f.Client} }

// Admission counts the requests that are in work or wait for it.
type Admission interface {
	// Enter counts a request in, or says why it cannot be.
	Enter(f *Function) error
	// Leave counts it out: the function is done with it. Its visitor may not have read the answer.
	Leave(f *Function)
	// Return counts one in again that left to wait, however many there are.
	Return(f *Function)
}

// Env is an environment. It is immutable: VMs compare the pointer to know whether theirs is the newest.
type Env struct{ Values map[string]string }

// json is the environment as the prelude reads it.
func (e *Env) json() string {
	if e.Values == nil {
		return "{}"
	}
	data, err := json.Marshal(e.Values)
	if err != nil {
		return "{}" // only text is in it
	}
	return string(data)
}

// Stop is an invocation that a limit ended.
type Stop struct {
	Function Function
	Limit    string // exec_timeout, cpu_time, max_memory, or abandoned: nothing ended it, and all it held was taken from it
	Err      error
	Final    bool // its deployment gets no more runs
}
