// Package domain implements the operations on the domains of apps.
package domain

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"fazt/internal/api/call"
	"fazt/internal/api/op"
	"fazt/internal/apps"
	"fazt/internal/errs"
)

// API implements the operations.
type API struct {
	Apps *apps.Store
	// Domain is the domain of the instance.
	Domain string
	// HostURL is the address of the instance under a host name.
	HostURL func(host string) string
	// Lookup resolves a host name.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

func (a *API) show(d apps.Domain) op.Domain {
	return op.Domain{DomainRecord: op.DomainRecord(d), Address: a.HostURL(d.Host)}
}

// List lists the domains in the order of their names.
func (a *API) List(ctx context.Context, req op.List) (page op.Page[op.Domain], err error) {
	limit, err := call.PageSize(req.Limit)
	if err != nil {
		return page, err
	}
	list, next, err := a.Apps.DomainList(ctx, req.Cursor, limit)
	page.Next = next
	for _, d := range list {
		page.Items = append(page.Items, a.show(d))
	}
	return page, err
}

// Get shows one domain.
func (a *API) Get(ctx context.Context, req op.DomainRef) (op.DomainDetail, error) {
	d, err := a.Apps.Domain(ctx, req.Host)
	if err != nil {
		return op.DomainDetail{}, err
	}
	only, err := a.Apps.LosesByDomain(ctx, d)
	return op.DomainDetail{Domain: a.show(d), Only: only}, err
}

// Add leads a host name to an app.
func (a *API) Add(ctx context.Context, req op.DomainTarget) (op.Domain, error) {
	d, err := a.Apps.AddDomain(ctx, req.Host, a.Domain, req.App)
	call.About(ctx, d.Host, d.AppID)
	return a.show(d), err
}

// Remove takes a host name from its app.
func (a *API) Remove(ctx context.Context, req op.DomainDrop) (op.DomainGone, error) {
	gone, lost, err := a.Apps.RemoveDomain(ctx, req.Host, req.Force)
	call.About(ctx, gone.Host, gone.AppID)
	return op.DomainGone{Domain: a.show(gone), Lost: op.Lost(lost)}, err
}

// lookupWait is the timeout for DNS: name servers respond within milliseconds or not at all.
const lookupWait = 5 * time.Second

// Check compares the addresses of a name with those of this machine and of its own domain: behind a router or a load
// balancer, the machine does not know its public address.
func (a *API) Check(ctx context.Context, req op.DomainRef) (op.DomainState, error) {
	d, err := a.Apps.Domain(ctx, req.Host)
	if err != nil {
		return op.DomainState{}, err
	}
	if _, err := apps.CheckHost(d.Host, a.Domain); err != nil { // the domain of the instance has changed since
		return op.DomainState{
			Domain: a.show(d), Addresses: []string{}, Instance: []string{},
			Say: errs.Sentence(err), Do: "fazt domain remove " + d.Host,
		}, nil
	}
	own, err := machineAddresses()
	if err != nil {
		return op.DomainState{}, errs.Wrap(errs.Internal, err, "the addresses of this machine cannot be read")
	}
	if a.Domain != "localhost" {
		// If the domain of the instance does not resolve, only the addresses of the machine are known.
		if more, err := a.resolve(ctx, a.Domain); err == nil {
			own = append(own, more...)
		}
	}
	found, err := a.resolve(ctx, d.Host)
	s := judge(d.Host, a.Domain, tidy(found), tidy(own), err)
	s.Domain = a.show(d)
	return s, nil
}

func (a *API) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	return a.Lookup(ctx, host+".") // the root dot keeps the resolver from trying search domains
}

func machineAddresses() ([]netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	var own []netip.Addr
	for _, address := range list {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			own = append(own, prefix.Addr())
		}
	}
	return own, err
}

// tidy sorts addresses and writes them in canonical form.
func tidy(list []netip.Addr) []netip.Addr {
	for i, address := range list {
		list[i] = address.Unmap().WithZone("")
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// judge decides whether a host resolves to this instance, and what to do if not. failed is why it did not resolve.
func judge(host, domain string, found, own []netip.Addr, failed error) op.DomainState {
	s := op.DomainState{Addresses: texts(found), Instance: texts(reachable(own))}
	var strange []netip.Addr
	for _, address := range found {
		if !slices.Contains(own, address) {
			strange = append(strange, address)
		}
	}
	switch {
	case failed != nil || len(found) == 0:
		s.Say = host + " does not resolve: it has no address yet, or the name servers do not answer"
		s.Do = records(host, domain, s.Instance)
	case len(strange) == len(found):
		s.Say = host + " points elsewhere: to " + strings.Join(s.Addresses, ", ")
		s.Do = records(host, domain, s.Instance) + "; or, if a proxy in front of this instance has that address, nothing"
	case len(strange) > 0:
		s.Say = host + " points here and elsewhere: " + strings.Join(texts(strange), ", ") + " is not this instance"
		s.Do = "remove the records of " + host + " for " + strings.Join(texts(strange), ", ")
	case len(reachable(found)) == 0:
		s.Here = true
		s.Say = host + " points to " + strings.Join(s.Addresses, ", ") + ", which only this machine itself can reach"
	default:
		s.Here = true
		s.Say = host + " points here: to " + strings.Join(s.Addresses, ", ")
	}
	return s
}

// records returns the DNS records to set. It names every known address; only the owner knows which are public.
func records(host, domain string, own []string) string {
	var lines []string
	for _, address := range own {
		kind := "A"
		if strings.Contains(address, ":") {
			kind = "AAAA"
		}
		lines = append(lines, kind+" "+address)
	}
	say := "set a record for " + host + " at your DNS provider to the public address of this machine"
	if len(lines) > 0 {
		say += " (it knows of " + strings.Join(lines, ", ") + ")"
	}
	if domain != "localhost" && strings.Count(host, ".") > 1 { // the top of a zone cannot be a CNAME
		say += ", or CNAME " + domain
	}
	return say
}

// reachable leaves out loopback and link-local addresses.
func reachable(list []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(list), func(address netip.Addr) bool {
		return address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified()
	})
}

func texts(list []netip.Addr) []string {
	out := []string{}
	for _, address := range list {
		out = append(out, address.String())
	}
	return out
}
