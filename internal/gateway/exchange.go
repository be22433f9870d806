package gateway

import (
	"errors"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"fazt/internal/id"
)

// Event is what is known of a request once it has been answered.
type Event struct {
	Time      time.Time
	Duration  time.Duration
	Method    string
	Host      string // as the client wrote it
	Path      string
	Status    int
	Bytes     int64 // of the body
	Class     Class // who answered
	AppID     string
	RequestID string // "" when it needed none
	ClientIP  string
}

// Class says which part answered a request.
type Class uint8

// The classes of answers.
const (
	ByNobody   Class = iota // the host or the path leads nowhere
	ByProduct               // a page of the product
	ByAPI                   // the control API
	ByRedirect              // an alias that redirects
	ByFiles                 // the files of an app
	ByFunction              // the function of an app
	classes
)

func (c Class) String() string {
	return [classes]string{"none", "product", "api", "redirect", "static", "function"}[c]
}

// Classes are all classes.
func Classes() []Class {
	list := make([]Class, classes)
	for i := range list {
		list[i] = Class(i)
	}
	return list
}

// exchange is a response that knows what was sent of it.
type exchange struct {
	http.ResponseWriter
	status    int // 0 = nothing was sent
	bytes     int64
	class     Class
	appID     string
	requestID string
	clientIP  string // "" = nobody asked for it yet
	visitor   netip.Prefix
	started   time.Time

	personal    bool   // the answer is for this visitor alone: what they see was drawn
	splitCookie string // goes with it; "" = none
}

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 { // 1xx go before the answer
		x.begin(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.begin(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// begin is called once, before the head of the answer goes out.
func (x *exchange) begin(status int) {
	x.status = status
	if x.personal {
		personalise(x.Header(), x.splitCookie)
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Flush sends what is buffered.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.begin(http.StatusOK)
	}
	_ = http.NewResponseController(x.ResponseWriter).Flush()
}

// setRequestID gives the exchange its id, and says it to the client. Answers from files have none: nothing is written
// to a log that it could lead to.
func (x *exchange) setRequestID() string {
	if x.requestID == "" {
		x.requestID = newRequestID()
		x.Header().Set(requestIDHeader, x.requestID)
	}
	return x.requestID
}

// client is the address of who is asking.
func (x *exchange) client(g *gateway, r *http.Request) string {
	if x.clientIP == "" {
		var ip netip.Addr
		if ip, x.visitor = client(r, g.TrustedProxies); ip.IsValid() {
			x.clientIP = ip.String()
		}
	}
	return x.clientIP
}

const requestIDHeader = "X-Request-Id"

func newRequestID() string { return id.New("req") }

// WithRequestID gives every request an id: the header X-Request-Id of the response, where next finds it. What a client
// sends under that name is not looked at.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(requestIDHeader, newRequestID())
		next.ServeHTTP(w, r)
	})
}

// finish ends an exchange: it turns a panic into an answer and a line in the log, and reports to Access. It must be
// deferred directly.
func (g *gateway) finish(x *exchange, r *http.Request) {
	if fault := recover(); fault != nil {
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			defer panic(fault) // somebody wants the connection closed; net/http does so
		} else if g.panicked(x, r, fault) {
			defer panic(http.ErrAbortHandler)
		}
	}
	g.report(x, r)
}

// panicked answers for what panicked. It says whether half of an answer is out: the client must see then that it is cut
// off.
func (g *gateway) panicked(x *exchange, r *http.Request, fault any) (half bool) {
	g.Log.Error("a request panicked", "request_id", x.setRequestID(), "method", r.Method, "host", r.Host, "path", r.URL.Path,
		"panic", fault, "stack", string(debug.Stack()))
	if x.status != 0 {
		return true
	}
	clear(x.Header())
	x.Header().Set(requestIDHeader, x.requestID)
	g.fail(x, r, errPanicked)
	return false
}

// report tells Access of the exchange.
func (g *gateway) report(x *exchange, r *http.Request) {
	if g.Access != nil {
		g.Access(Event{
			Time: x.started, Duration: time.Since(x.started), Method: r.Method, Host: r.Host, Path: r.URL.Path,
			Status: x.status, Bytes: x.bytes, Class: x.class, AppID: x.appID, RequestID: x.requestID, ClientIP: x.client(g, r),
		})
	}
}
