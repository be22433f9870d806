package system

import (
	"encoding/json"
	"net"
	"net/netip"
	"strconv"

	"fazt/internal/hostname"

	"fazt/internal/errs"
)

// Settings are the owner's decisions about the instance. Only values that differ from the defaults are stored.
type Settings struct {
	Domain         string   `json:"domain" label:"Domain" desc:"Apps are served below this name" default:"localhost" range:"1,253" live:"false"`
	Listen         []string `json:"listen" label:"Listen" desc:"Addresses to listen on" default:"[\"127.0.0.1:4698\"]" range:"1,32" live:"false"`
	TrustedProxies []string `json:"trusted_proxies" label:"Trusted proxies" desc:"Proxies, as CIDR, whose forwarding headers are trusted" default:"[]" range:"0,100"`
	LogRetention   int      `json:"log_retention" label:"Activity log kept" desc:"Days of activity log kept; 0 = all" unit:"days" default:"90" range:"0,36500"`
	ACMEEmail      string   `json:"acme_email" label:"Certificate contact" desc:"E-mail address for certificates; not used yet" range:"0,254" pattern:"^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$" live:"false"`
}

// checks are the checks of settings beyond their tags, by path. They return the canonical form of the value.
var checks = map[string]func(text string) (string, error){
	"domain": func(text string) (string, error) { return text, CheckDomain(text) },
	"listen": eachOf("listen", checkListen),
	"trusted_proxies": eachOf("trusted_proxies", func(text string) (string, error) {
		p, err := parseProxy(text)
		return p.String(), err
	}),
}

// eachOf checks every entry of a list and rejects duplicates.
func eachOf(path string, check func(text string) (string, error)) func(string) (string, error) {
	return func(text string) (string, error) {
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return "", errs.Wrap(errs.Invalid, err, "%s must be a list", path)
		}
		seen := map[string]bool{}
		for i, entry := range list {
			canonical, err := check(entry)
			if err != nil {
				return "", err
			}
			if seen[canonical] {
				return "", errs.New(errs.Invalid, "%s: duplicate entry %s", path, canonical)
			}
			seen[canonical], list[i] = true, canonical
		}
		out, err := json.Marshal(list)
		return string(out), err
	}
}

// checkListen reports whether text is a valid listen address. Whether this machine has it is only known when it is
// opened.
func checkListen(text string) (string, error) {
	bad := errs.New(errs.Invalid, "listen: %q is not a listen address; use host:port, such as 127.0.0.1:4698 or [::1]:4698", text)
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", bad
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", bad
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" {
		if name, err := hostname.Registrable(host); err != nil || name != host {
			return "", bad
		}
	}
	return text, nil
}

// checkStoredListen is for addresses that are used from the next start: one that this machine does not have would
// prevent the server from starting, and a random port could not be found by anyone.
func checkStoredListen(addresses []string) error {
	for _, a := range addresses {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			return err
		}
		if port == "0" {
			return errs.New(errs.Invalid, "listen: %s has no port; port 0 would be a different one at every start", a)
		}
		if _, err := netip.ParseAddr(host); err != nil {
			continue // a name, or all addresses
		}
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return errs.Wrap(errs.Invalid, err, "listen: %s is not an address of this machine, and the server could not start with it", host)
		}
		l.Close()
	}
	return nil
}

// parseProxy parses an entry of trusted_proxies: a network or an address.
func parseProxy(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if a, e := netip.ParseAddr(text); e == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	switch {
	case err != nil:
		return netip.Prefix{}, errs.Wrap(errs.Invalid, err, "trusted_proxies: %q is not a network; use CIDR, such as 10.0.0.0/8 or fd00::/8, or one address", text)
	case p.Bits() == 0:
		return netip.Prefix{}, errs.New(errs.Invalid, "trusted_proxies: %s covers every address, so anyone could pretend to be anyone; use the addresses of your proxy", text)
	case p.Addr().Is4In6():
		return netip.Prefix{}, errs.New(errs.Invalid, "trusted_proxies: use the IPv4 form of %q", text)
	}
	return p.Masked(), nil
}
