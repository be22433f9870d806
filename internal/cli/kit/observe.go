package kit

import (
	"fmt"
	"net/http"

	"fazt/internal/api/op"
	"fazt/internal/client"
	"fazt/internal/output"
)

// observe prints every operation with --verbose.
func (c *CLI) observe(cl *client.Client) {
	if !c.Verbose {
		return
	}
	names := http.NewServeMux()
	for _, s := range op.All() {
		names.Handle(s.Method+" "+s.Path, operationName(s.Name))
	}
	cl.Observe(func(o client.Observed) {
		name, _ := names.Handler(o.Request)
		outcome := fmt.Sprint(o.Status)
		if o.Err != nil {
			outcome = o.Err.Error()
		}
		fmt.Fprintf(c.Stderr, "%s %s: %s in %s (%s)\n", name, o.Via, outcome, output.Took(o.Took), o.RequestID)
	})
}

// operationName is a handler that only carries the name of an operation.
type operationName string

func (operationName) ServeHTTP(http.ResponseWriter, *http.Request) {}
