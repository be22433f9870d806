package webcrypto

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"testing"
)

// allPairs lists the algorithms with key pairs, with parameters that make generating them quick.
var allPairs = []Algorithm{
	{Name: "Ed25519"}, {Name: "X25519"},
	{Name: "ECDSA", Curve: "P-256"}, {Name: "ECDSA", Curve: "P-384"}, {Name: "ECDSA", Curve: "P-521"},
	{Name: "ECDH", Curve: "P-256"}, {Name: "ECDH", Curve: "P-384"}, {Name: "ECDH", Curve: "P-521"},
	{Name: "RSASSA-PKCS1-v1_5", Modulus: 1024}, {Name: "RSA-PSS", Modulus: 1024}, {Name: "RSA-OAEP", Modulus: 1032},
}

func newPair(t *testing.T, a Algorithm) (p Pair) {
	t.Helper()
	if err := json.Unmarshal(do(t, Call{Op: "generate", Algorithm: a}), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func imported(t *testing.T, a Algorithm, format string, data []byte) (i Imported) {
	t.Helper()
	if err := json.Unmarshal(do(t, Call{Op: "import", Algorithm: a, Data: data, Extra: []byte(format)}), &i); err != nil {
		t.Fatal(err)
	}
	return i
}

func exported(t *testing.T, a Algorithm, private bool, key []byte, format string) []byte {
	t.Helper()
	return do(t, Call{Op: "export", Algorithm: a, Private: private, Key: key, Extra: []byte(format)})
}

func TestEveryFormatReturnsTheSameKey(t *testing.T) {
	for _, a := range allPairs {
		t.Run(a.Name+" "+a.Curve, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, a)
			for _, tt := range []struct {
				format  string
				private bool
				data    []byte
			}{
				{"pkcs8", true, p.Private},
				{"spki", false, p.Public},
				{"jwk", true, exported(t, a, true, p.Private, "jwk")},
				{"jwk", false, exported(t, a, false, p.Public, "jwk")},
			} {
				i := imported(t, a, tt.format, tt.data)
				want := p.Public
				if tt.private {
					want = p.Private
				}
				if i.Private != tt.private || !bytes.Equal(i.Data, want) {
					t.Errorf("%s, private %v: a different key, private %v", tt.format, tt.private, i.Private)
				}
				if i.Curve != a.Curve || i.Modulus != a.Modulus {
					t.Errorf("%s: curve %q, modulus %d", tt.format, i.Curve, i.Modulus)
				}
				if a.Modulus > 0 && !bytes.Equal(i.Exponent, []byte{1, 0, 1}) {
					t.Errorf("%s: exponent %x", tt.format, i.Exponent)
				}
			}
			_, err := Do(Call{Op: "export", Algorithm: a, Private: true, Key: p.Private, Extra: []byte("raw")})
			wantName(t, err, NotSupported)
			if a.Modulus > 0 {
				_, err := Do(Call{Op: "export", Algorithm: a, Key: p.Public, Extra: []byte("raw")})
				wantName(t, err, NotSupported)
				return
			}
			if i := imported(t, a, "raw", exported(t, a, false, p.Public, "raw")); i.Private || !bytes.Equal(i.Data, p.Public) {
				t.Error("raw: a different key")
			}
		})
	}
}

func TestTwoGeneratedKeysDiffer(t *testing.T) {
	for _, a := range allPairs[:6] {
		if one, two := newPair(t, a), newPair(t, a); bytes.Equal(one.Private, two.Private) || bytes.Equal(one.Public, two.Public) {
			t.Errorf("%s %s: the same key twice", a.Name, a.Curve)
		}
	}
}

// RFC 8037, appendices A.1 and A.2: the key of test 1 of RFC 8032.
func TestKeyOfRFC8037(t *testing.T) {
	const (
		seed   = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
		public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
		want   = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`
	)
	a := Algorithm{Name: "Ed25519"}
	if got := exported(t, a, true, unhex(t, ed25519Private+seed), "jwk"); string(got) != want {
		t.Errorf("exported %s", got)
	}
	if i := imported(t, a, "jwk", []byte(want)); !i.Private || hex.EncodeToString(i.Data) != ed25519Private+seed {
		t.Errorf("imported %x", i.Data)
	}
	if got := exported(t, a, false, unhex(t, ed25519Public+public), "raw"); hex.EncodeToString(got) != public {
		t.Errorf("raw %x", got)
	}
}

// changeJWK returns a JSON Web Key of the private key with some members changed; "" removes one.
func changeJWK(t *testing.T, a Algorithm, private []byte, changes map[string]string) []byte {
	t.Helper()
	members := map[string]string{}
	if err := json.Unmarshal(exported(t, a, true, private, "jwk"), &members); err != nil {
		t.Fatal(err)
	}
	maps.Copy(members, changes)
	maps.DeleteFunc(members, func(_, v string) bool { return v == "" })
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKeysWithAnInvalidPartAreRefused(t *testing.T) {
	long := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 600))
	zeros := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	member := func(t *testing.T, a Algorithm, key []byte, name string) string {
		t.Helper()
		var members map[string]string
		if err := json.Unmarshal(exported(t, a, true, key, "jwk"), &members); err != nil {
			t.Fatal(err)
		}
		return members[name]
	}
	ec, ed, x, rsa := Algorithm{Name: "ECDSA", Curve: "P-256"}, Algorithm{Name: "Ed25519"}, Algorithm{Name: "X25519"}, Algorithm{Name: "RSA-PSS", Modulus: 1024}
	pairs, others := map[Algorithm]Pair{}, map[Algorithm]Pair{}
	for _, a := range []Algorithm{ec, ed, x, rsa} {
		pairs[a], others[a] = newPair(t, a), newPair(t, a)
	}
	for _, tt := range []struct {
		name      string
		algorithm Algorithm
		changes   map[string]string
	}{
		{"EC with d of another key", ec, map[string]string{"d": member(t, ec, others[ec].Private, "d")}},
		{"EC with x of another key", ec, map[string]string{"x": member(t, ec, others[ec].Private, "x")}},
		{"EC with d of zero", ec, map[string]string{"d": zeros}},
		{"EC with d too long", ec, map[string]string{"d": long}},
		{"EC without y", ec, map[string]string{"y": ""}},
		{"EC with a short x", ec, map[string]string{"x": "AAAA"}},
		{"EC of another curve", ec, map[string]string{"crv": "P-384"}},
		{"EC of an unknown curve", ec, map[string]string{"crv": "P-192"}},
		{"EC as OKP", ec, map[string]string{"kty": "OKP"}},
		{"EC without a type", ec, map[string]string{"kty": ""}},
		{"EC with padding in base64", ec, map[string]string{"d": zeros + "="}},
		{"EC with base64 of the other alphabet", ec, map[string]string{"d": "+/+/" + zeros[4:]}},
		{"Ed25519 with d of another key", ed, map[string]string{"d": member(t, ed, others[ed].Private, "d")}},
		{"Ed25519 with x of another key", ed, map[string]string{"x": member(t, ed, others[ed].Private, "x")}},
		{"Ed25519 with a short d", ed, map[string]string{"d": "AAAA"}},
		{"Ed25519 with a short x", ed, map[string]string{"x": "AAAA"}},
		{"Ed25519 called X25519", ed, map[string]string{"crv": "X25519"}},
		{"X25519 with d of another key", x, map[string]string{"d": member(t, x, others[x].Private, "d")}},
		{"X25519 with a short d", x, map[string]string{"d": "AAAA"}},
		{"X25519 with a short x", x, map[string]string{"x": "AAAA"}},
		{"RSA with n of another key", rsa, map[string]string{"n": member(t, rsa, others[rsa].Private, "n")}},
		{"RSA with d of another key", rsa, map[string]string{"d": member(t, rsa, others[rsa].Private, "d")}},
		{"RSA with a prime of another key", rsa, map[string]string{"p": member(t, rsa, others[rsa].Private, "p")}},
		{"RSA without p", rsa, map[string]string{"p": ""}},
		{"RSA without q", rsa, map[string]string{"q": ""}},
		{"RSA with d longer than any modulus", rsa, map[string]string{"d": long}},
		{"RSA with p longer than any modulus", rsa, map[string]string{"p": long}},
		{"RSA with q longer than any modulus", rsa, map[string]string{"q": long}},
		{"RSA with n longer than is possible", rsa, map[string]string{"n": long}},
		{"RSA with a short n", rsa, map[string]string{"n": "AQAB"}},
		{"RSA with an exponent of 1", rsa, map[string]string{"e": "AQ"}},
		{"RSA without an exponent", rsa, map[string]string{"e": ""}},
		{"RSA with an exponent of 2 to the 31", rsa, map[string]string{"e": "gAAAAA"}},
		{"RSA with an exponent longer than 64 bits", rsa, map[string]string{"e": long}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := changeJWK(t, tt.algorithm, pairs[tt.algorithm].Private, tt.changes)
			_, err := Do(Call{Op: "import", Algorithm: tt.algorithm, Data: data, Extra: []byte("jwk")})
			wantName(t, err, Data)
		})
	}
	for _, a := range []Algorithm{ec, ed, x, rsa} {
		p := pairs[a]
		for name, c := range map[string]Call{
			"a private key cut":            {Data: p.Private[:len(p.Private)-1], Extra: []byte("pkcs8")},
			"a public key cut":             {Data: p.Public[:len(p.Public)-1], Extra: []byte("spki")},
			"a private key as a public":    {Data: p.Private, Extra: []byte("spki")},
			"a public key as a private":    {Data: p.Public, Extra: []byte("pkcs8")},
			"nothing":                      {Extra: []byte("spki")},
			"no JSON":                      {Data: []byte("{"), Extra: []byte("jwk")},
			"a JSON Web Key of an array":   {Data: []byte("[]"), Extra: []byte("jwk")},
			"a JSON Web Key that is empty": {Data: []byte("{}"), Extra: []byte("jwk")},
		} {
			c.Op, c.Algorithm = "import", a
			_, err := Do(c)
			if wantName(t, err, Data); t.Failed() {
				t.Fatalf("%s of %s", name, a.Name)
			}
		}
	}
}

func TestARawKeyMustHaveTheLengthOfItsCurve(t *testing.T) {
	for _, a := range allPairs[:8] {
		raw := exported(t, a, false, newPair(t, a).Public, "raw")
		for name, wrong := range map[string][]byte{"cut": raw[:len(raw)-1], "longer": append(bytes.Clone(raw), 0), "empty": nil} {
			_, err := Do(Call{Op: "import", Algorithm: a, Data: wrong, Extra: []byte("raw")})
			if wantName(t, err, Data); t.Failed() {
				t.Fatalf("%s %s, %s", a.Name, a.Curve, name)
			}
		}
	}
}

// A key works only with the algorithm and the curve it was made for, whatever the call says.
func TestKeysOfTheWrongKindAreRefused(t *testing.T) {
	data := []byte("data")
	for _, key := range allPairs {
		p := newPair(t, key)
		for _, a := range append([]Algorithm{{Name: "AES-GCM"}, {}}, allPairs...) {
			bothRSA := key.Modulus > 0 && a.Modulus > 0
			bothEC := key.Curve != "" && key.Curve == a.Curve
			if a.Name == key.Name && a.Curve == key.Curve || bothRSA || bothEC {
				continue // the caller knows what a key may be used for
			}
			a.Hash = "SHA-256"
			for op, c := range map[string]Call{
				"sign":   {Key: p.Private, Data: data, Private: true},
				"verify": {Key: p.Public, Data: data},
				"export": {Key: p.Public, Extra: []byte("jwk")},
				"import": {Data: p.Public, Extra: []byte("spki")},
			} {
				c.Op, c.Algorithm = op, a
				if _, err := Do(c); err == nil {
					t.Errorf("%s with %s %s and a key of %s %s was accepted", op, a.Name, a.Curve, key.Name, key.Curve)
				}
			}
		}
	}
}

func TestOnlyTheTwoSidesGetTheSharedSecret(t *testing.T) {
	for _, a := range allPairs {
		if a.Name != "ECDH" && a.Name != "X25519" {
			continue
		}
		ana, ben := newPair(t, a), newPair(t, a)
		one := do(t, Call{Op: "deriveBits", Algorithm: a, Key: ana.Private, Extra: ben.Public})
		two := do(t, Call{Op: "deriveBits", Algorithm: a, Key: ben.Private, Extra: ana.Public})
		own := do(t, Call{Op: "deriveBits", Algorithm: a, Key: ana.Private, Extra: ana.Public})
		if !bytes.Equal(one, two) || bytes.Equal(one, own) || len(one) == 0 {
			t.Errorf("%s %s: %x and %x, with itself %x", a.Name, a.Curve, one, two, own)
		}
	}
	// The call names no curve, and the keys are on different ones.
	p256, p384 := newPair(t, Algorithm{Name: "ECDH", Curve: "P-256"}), newPair(t, Algorithm{Name: "ECDH", Curve: "P-384"})
	_, err := Do(Call{Op: "deriveBits", Algorithm: Algorithm{Name: "ECDH"}, Key: p256.Private, Extra: p384.Public})
	wantName(t, err, "InvalidAccessError")
	// A point of low order shares a secret of zeros with every key (RFC 7748, 6.1).
	x := newPair(t, Algorithm{Name: "X25519"})
	_, err = Do(Call{Op: "deriveBits", Algorithm: Algorithm{Name: "X25519"}, Key: x.Private, Extra: unhex(t, x25519Public+hex.EncodeToString(make([]byte, 32)))})
	wantName(t, err, Operation)
}
