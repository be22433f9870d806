package gateway

import (
	"errors"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"fazt/internal/id"
)

// Event describes a request that has been served.
type Event struct {
	Time      time.Time
	Duration  time.Duration
	Method    string
	Host      string // as sent by the client
	Path      string
	Status    int
	Bytes     int64 // of the body
	Class     Class // what served it
	AppID     string
	RequestID string // "" if it needed none
	ClientIP  string
}

// Class is the part of the product that served a request.
type Class uint8

// The classes of responses.
const (
	ByNone     Class = iota // the host or path does not exist
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

// Classes returns all classes.
func Classes() []Class {
	list := make([]Class, classes)
	for i := range list {
		list[i] = Class(i)
	}
	return list
}

// exchange is a response that records what was sent.
type exchange struct {
	http.ResponseWriter
	status    int // 0 = nothing sent yet
	bytes     int64
	class     Class
	appID     string
	requestID string
	clientIP  string // "" = not determined yet
	visitor   netip.Prefix
	started   time.Time

	personal    bool   // the response is for this visitor only: their app was drawn
	splitCookie string // sent with the response; "" = none
}

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 { // 1xx precede the response
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

// begin is called once, before the response head is sent.
func (x *exchange) begin(status int) {
	x.status = status
	if x.personal {
		personalize(x.Header(), x.splitCookie)
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Flush sends buffered data.
func (x *exchange) Flush() {
	if x.status == 0 {
		x.begin(http.StatusOK)
	}
	_ = http.NewResponseController(x.ResponseWriter).Flush()
}

// setRequestID gives the exchange an ID and sends it to the client. File responses have none: they leave no log lines
// to look up.
func (x *exchange) setRequestID() string {
	if x.requestID == "" {
		x.requestID = newRequestID()
		x.Header().Set(requestIDHeader, x.requestID)
	}
	return x.requestID
}

// client returns the client's address.
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

// WithRequestID gives every request an ID, in the X-Request-Id header of the response, where next finds it. An
// X-Request-Id sent by the client is ignored.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(requestIDHeader, newRequestID())
		next.ServeHTTP(w, r)
	})
}

// finish ends an exchange: it turns a panic into a response and a log line, and reports to Access. It must be deferred
// directly.
func (g *gateway) finish(x *exchange, r *http.Request) {
	if fault := recover(); fault != nil {
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			defer panic(fault) // http.ErrAbortHandler: net/http closes the connection
		} else if g.panicked(x, r, fault) {
			defer panic(http.ErrAbortHandler)
		}
	}
	g.report(x, r)
}

// panicked responds after a panic. It reports whether part of a response was already sent: then the connection must be
// cut so that the client notices.
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

// report passes the exchange to Access.
func (g *gateway) report(x *exchange, r *http.Request) {
	if g.Access != nil {
		g.Access(Event{
			Time: x.started, Duration: time.Since(x.started), Method: r.Method, Host: r.Host, Path: r.URL.Path,
			Status: x.status, Bytes: x.bytes, Class: x.class, AppID: x.appID, RequestID: x.requestID, ClientIP: x.client(g, r),
		})
	}
}
