package runtime

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"fazt/internal/runtime/compile"
	"fazt/internal/share"
)

// Console receives the lines that functions print. It must not block.
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

// Function is the function of a deployment, with the facts of one invocation.
type Function struct {
	AppID, AppName string
	Deployment     string // whose VMs serve it
	Number         int
	Load           func(ctx context.Context) (*compile.Program, error) // reads the program, once for all its VMs
	Env            *Env
	RequestID      string
	ClientIP       string
	Client         netip.Prefix // the addresses that count as one client; zero = not known
	Admission      Admission    // nil = no limit on concurrent requests
	HTTPS          bool         // the visitor's connection is encrypted, even if the one that arrived here is not
	Ends           time.Time    // deadline of the response; zero = only the limits of the function count
	Dev            bool         // the visitor is the author: show them the failure

	Source func(ctx context.Context, path string) ([]byte, error) // reads a source file for the error page; nil = no source is shown
	Assets http.Handler                                           // serves the files of the deployment, for env.ASSETS; nil = there are none
}

// Holder returns the app and client whose share of scarce resources an invocation uses.
func (f *Function) Holder() share.Holder { return share.Holder{App: f.AppID, Client: f.Client} }

// Admission counts the requests that are running or waiting.
type Admission interface {
	// Enter counts a request, or refuses it with an error.
	Enter(f *Function) error
	// Leave uncounts it when the function is done with it. The visitor may not have read the response yet.
	Leave(f *Function)
	// Return counts a request again that left to wait, regardless of limits.
	Return(f *Function)
}

// Env is an environment. It is immutable: VMs compare pointers to detect a newer one.
type Env struct{ Values map[string]string }

// json is the environment as the prelude reads it.
func (e *Env) json() string {
	if e == nil || e.Values == nil {
		return "{}"
	}
	data, _ := json.Marshal(e.Values) // only text is in it
	return string(data)
}

// Stop is an invocation that was ended by a limit.
type Stop struct {
	Function Function
	Limit    string // exec_timeout, cpu_time, max_memory, or abandoned: it could not be stopped, and all it held was taken from it
	Err      error
	Final    bool // its deployment serves no more
}
