package egress

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fazt/internal/egress/address"
	"fazt/internal/egress/rules"
)

// Explanation tells the owner whether a call would be allowed, and why.
type Explanation struct {
	Allowed   bool         `json:"allowed"`
	Code      string       `json:"code"`   // of the refusal; "" = allowed
	Reason    string       `json:"reason"` // of the refusal
	Method    string       `json:"method"`
	URL       string       `json:"url"`   // canonical; "" = malformed
	Entry     *rules.Entry `json:"entry"` // that applies; null = none
	Addresses []Judgment   `json:"addresses"`
}

// Judgment is an address of the host, and whether calls may reach it.
type Judgment struct {
	Address netip.Addr `json:"address"`
	Refused string     `json:"refused"` // why it is refused; "" = it is not
	Private bool       `json:"private"` // only allowed by the entry
}

// Explain does everything that a call does before it connects, including the DNS lookup.
func (g *Gate) Explain(ctx context.Context, appID, method, url string) Explanation {
	if method == "" {
		method = http.MethodGet
	}
	x := Explanation{Method: strings.ToUpper(method), Addresses: []Judgment{}}
	refused := func(f *fault) Explanation {
		x.Code, x.Reason = f.err.Code, f.reason
		return x
	}
	k := &call{gate: g, run: g.Begin(appID, ""), parent: ctx, spec: Call{Method: method, URL: url}}
	k.limits = g.c.Limits(appID)
	k.limits.MaxCalls = 1
	t, f, _ := k.check()
	if t != nil {
		x.URL = t.url.String()
	}
	if f != nil {
		return refused(f)
	}
	h := &hop{call: k, target: t, method: x.Method, policy: g.c.Policy()}
	f = h.checkEntry()
	if h.entry.Domain != "" {
		x.Entry = &h.entry
	}
	if f != nil {
		return refused(f)
	}
	ctx, cancel := context.WithTimeout(ctx, min(10*time.Second, milliseconds(k.limits.CallTimeout)))
	defer cancel()
	addresses, err := g.transport.Resolve(ctx, t.host)
	if err != nil {
		return refused(unreachable(err))
	}
	own := g.self.Addresses()
	x.Allowed = true
	for _, a := range addresses {
		j := Judgment{Address: a, Refused: address.Refused(a, h.entry.Private, own)}
		j.Private = j.Refused == "" && address.Refused(a, nil, own) != ""
		x.Addresses = append(x.Addresses, j)
		if j.Refused != "" && x.Allowed {
			x.Allowed, x.Code, x.Reason = false, CodeBlocked, t.host+" leads to "+a.String()+": "+j.Refused
		}
	}
	return x
}
