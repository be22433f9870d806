package rules

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"fazt/internal/database"
	"fazt/internal/errs"
)

// Reload makes a policy of what is stored. If nothing has changed the version stays the same, so that idle connections can
// still be used.
func (s *Store) Reload(ctx context.Context) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	next := &snapshot{}
	sum := sha256.New()
	var sealed [][]byte
	err := s.db.Read(ctx, func(c *database.Conn) error {
		err := c.Each(`SELECT id, coalesce(app_id, ''), domain, http, ports, methods, rate, burst, timeout, max_response, cache_ttl, stale, private, paths, created_at, updated_at
			FROM net_entries ORDER BY domain, app_id`, func(r *database.Row) error {
			e := Entry{ID: r.Text(0), AppID: r.Text(1), Domain: r.Text(2), HTTP: r.Bool(3), Methods: split(r.Text(5)), Rate: r.Int(6), Burst: r.Int(7),
				Timeout: r.Int(8), MaxResponse: r.Int64(9), CacheTTL: r.Int(10), Stale: r.Int(11), Paths: split(r.Text(13)), CreatedAt: r.Time(14), UpdatedAt: r.Time(15)}
			fmt.Fprintf(sum, "%q %q %q\n", fmt.Sprint(e), r.Text(4), r.Text(12))
			var err error
			if e.Ports, e.Private, err = portsAndRanges(r.Text(4), r.Text(12)); err == nil {
				e, err = checkStored(e)
			}
			if err != nil { // the row was not written by Fazt
				s.log.Error("an entry of the allowed domains is invalid and was ignored", "domain", e.Domain, "error", err)
				return nil
			}
			next.entries = append(next.entries, e)
			return nil
		})
		if err != nil {
			return err
		}
		return c.Each(`SELECT name, coalesce(app_id, ''), domain, inject_as, param, methods, path_prefix, sealed, created_at, updated_at, http, port
			FROM net_secrets ORDER BY name, app_id`, func(r *database.Row) error {
			k := StoredSecret{Secret: Secret{Name: r.Text(0), AppID: r.Text(1), Domain: r.Text(2), As: r.Text(3), Key: r.Text(4), Methods: split(r.Text(5)),
				PathPrefix: r.Text(6), CreatedAt: r.Time(8), UpdatedAt: r.Time(9), HTTP: r.Bool(10), Port: r.Int(11)}}
			sealed = append(sealed, r.Bytes(7))
			fmt.Fprintf(sum, "%q %x\n", fmt.Sprint(k), r.Bytes(7))
			next.secrets = append(next.secrets, k)
			return nil
		})
	})
	if err != nil {
		return err
	}
	values := s.open(next.secrets, sealed)
	for _, k := range next.secrets {
		fmt.Fprintf(sum, "%q\n", k.Fault)
	}
	sum.Sum(next.print[:0])
	old := s.now.Load()
	if old != nil {
		if old.print == next.print {
			return nil
		}
		next.version = old.version
	}
	next.version++
	next.policy = NewPolicy(next.version, next.entries, values)
	s.now.Store(next)
	s.logFaults(old, next)
	return nil
}

// checkStored is CheckEntry for a row, which may not have been written by Fazt.
func checkStored(e Entry) (Entry, error) {
	canonical, err := ParseDomain(e.Domain)
	if err != nil {
		return e, err
	}
	if canonical != e.Domain {
		return e, errs.New(errs.Invalid, "the domain is not in its canonical form, %s", canonical)
	}
	return CheckEntry(e)
}

// open decrypts the secrets. One that cannot be decrypted stays in the list, without a value and with its fault: otherwise
// its name would come to mean the secret of all apps with the same name.
func (s *Store) open(stored []StoredSecret, sealed [][]byte) []Secret {
	values := make([]Secret, 0, len(stored))
	if len(stored) == 0 {
		return values
	}
	key, noKey := s.vault.key()
	for i := range stored {
		k, err := &stored[i], noKey
		secret := k.Secret
		if err == nil {
			secret.Value, err = unseal(key, secret, sealed[i])
		}
		if err == nil {
			_, err = checkSecret(secret)
		}
		if err != nil {
			secret.Value, k.Fault = "", errs.Sentence(err)
		}
		values = append(values, secret)
	}
	return values
}

// logFaults logs each secret that cannot be used once.
func (s *Store) logFaults(old, next *snapshot) {
	known := map[secretPlace]string{}
	if old != nil {
		for _, k := range old.secrets {
			known[secretPlace{k.AppID, k.Name}] = k.Fault
		}
	}
	for _, k := range next.secrets {
		if k.Fault != "" && known[secretPlace{k.AppID, k.Name}] != k.Fault {
			s.log.Error("a secret cannot be used; functions that name it fail with NET_AUTH", "secret", k.Name, "reason", k.Fault)
		}
	}
}

func portsAndRanges(ports, ranges string) (p []int, r []netip.Prefix, err error) {
	p, r = []int{}, []netip.Prefix{}
	for _, text := range split(ports) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, nil, err
		}
		p = append(p, n)
	}
	for _, text := range split(ranges) {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, nil, err
		}
		r = append(r, prefix)
	}
	return p, r, nil
}

// join and split convert lists to the form in which they are stored. No element contains a space.
func join[T any](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, " ")
}

func split(text string) []string { return strings.Fields(text) }
