package webcrypto

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
)

func curveOf(name string) (elliptic.Curve, error) {
	switch name {
	case "P-256":
		return elliptic.P256(), nil
	case "P-384":
		return elliptic.P384(), nil
	case "P-521":
		return elliptic.P521(), nil
	}
	return nil, fail(NotSupported, "the curve %q is not supported", name)
}

// privateKey parses a private key that was imported or generated here, and checks that it fits the algorithm.
func privateKey(a Algorithm, der []byte) (any, error) {
	key, err := parsed(pkcs8, der, "this is not a private key in PKCS #8")
	if err != nil {
		return nil, err
	}
	return key, fits(a, key)
}

func publicKey(a Algorithm, der []byte) (any, error) {
	key, err := parsed(spki, der, "this is not a public key in SPKI")
	if err != nil {
		return nil, err
	}
	return key, fits(a, key)
}

// fits checks that a key is of the kind that the algorithm needs.
func fits(a Algorithm, key any) error {
	wrong := fail(Data, "the key is not an %s key", a.Name)
	onCurve := func(c elliptic.Curve) error {
		if a.Name != "ECDSA" && a.Name != "ECDH" || a.Curve != "" && c.Params().Name != a.Curve {
			return wrong
		}
		return nil
	}
	ofSize := func(n *rsa.PublicKey) error {
		if !slices.Contains([]string{"RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"}, a.Name) {
			return wrong
		}
		return supportedModulus(n.N)
	}
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		return onCurve(key.Curve)
	case *ecdsa.PublicKey:
		return onCurve(key.Curve)
	case *rsa.PrivateKey:
		return ofSize(&key.PublicKey)
	case *rsa.PublicKey:
		return ofSize(key)
	case ed25519.PrivateKey, ed25519.PublicKey:
		if a.Name != "Ed25519" {
			return wrong
		}
		return nil
	case *ecdh.PrivateKey, *ecdh.PublicKey:
		if a.Name != "X25519" {
			return wrong
		}
		return nil
	}
	return wrong
}

// Pair is a generated key pair.
type Pair struct {
	Private []byte `json:"private"`
	Public  []byte `json:"public"`
}

func generate(a Algorithm) ([]byte, error) {
	var private, public any
	switch a.Name {
	case "Ed25519":
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		private, public = priv, pub
	case "X25519":
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		private, public = key, key.PublicKey()
	case "ECDSA", "ECDH":
		curve, err := curveOf(a.Curve)
		if err != nil {
			return nil, err
		}
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, err
		}
		private, public = key, &key.PublicKey
	case "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP":
		if a.Modulus < minModulus || a.Modulus > maxModulus || a.Modulus%8 != 0 {
			return nil, fail(Operation, "an RSA key of %d bits is not supported; it may have from %d to %d", a.Modulus, minModulus, maxModulus)
		}
		key, err := rsa.GenerateKey(rand.Reader, a.Modulus)
		if err != nil {
			return nil, fail(Operation, "the key could not be generated")
		}
		private, public = key, &key.PublicKey
	default:
		return nil, fail(NotSupported, "%s keys cannot be generated", a.Name)
	}
	var p Pair
	var err error
	if p.Private, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return nil, err
	}
	if p.Public, err = x509.MarshalPKIXPublicKey(public); err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// Imported is an imported key: its bytes in the format of this package, and its properties.
type Imported struct {
	Private  bool   `json:"private"`
	Data     []byte `json:"data"`
	Curve    string `json:"namedCurve,omitempty"`
	Modulus  int    `json:"modulusLength,omitempty"`
	Exponent []byte `json:"publicExponent,omitempty"`
}

// importKey imports the public or private key in Data; Extra names its format.
func importKey(c Call) ([]byte, error) {
	if len(c.Data) > maxImported {
		return nil, fail(Data, "the key has more than %d bytes", maxImported)
	}
	var key any
	var err error
	private := false
	switch string(c.Extra) {
	case "pkcs8":
		private = true
		key, err = privateKey(c.Algorithm, c.Data)
	case "spki":
		key, err = publicKey(c.Algorithm, c.Data)
	case "raw":
		key, err = rawPublic(c.Algorithm, c.Data)
	case "jwk":
		key, private, err = fromJWK(c.Algorithm, c.Data)
	default:
		err = fail(NotSupported, "keys cannot be imported as %q", c.Extra)
	}
	if err == nil {
		err = fits(c.Algorithm, key)
	}
	if err != nil {
		return nil, err
	}
	i := Imported{Private: private}
	if private {
		i.Data, err = x509.MarshalPKCS8PrivateKey(key)
	} else {
		i.Data, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		return nil, fail(Data, "the key cannot be used")
	}
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		i.Curve = key.Curve.Params().Name
	case *ecdsa.PublicKey:
		i.Curve = key.Curve.Params().Name
	case *rsa.PrivateKey:
		i.Modulus, i.Exponent = key.N.BitLen(), big.NewInt(int64(key.E)).Bytes()
	case *rsa.PublicKey:
		i.Modulus, i.Exponent = key.N.BitLen(), big.NewInt(int64(key.E)).Bytes()
	}
	return json.Marshal(i)
}

func rawPublic(a Algorithm, data []byte) (any, error) {
	bad := fail(Data, "this is not a public %s key", a.Name)
	switch a.Name {
	case "Ed25519":
		if len(data) != ed25519.PublicKeySize {
			return nil, bad
		}
		return ed25519.PublicKey(slices.Clone(data)), nil
	case "X25519":
		key, err := ecdh.X25519().NewPublicKey(data)
		if err != nil {
			return nil, bad
		}
		return key, nil
	case "ECDSA", "ECDH":
		curve, err := curveOf(a.Curve)
		if err != nil {
			return nil, err
		}
		if size := (curve.Params().BitSize + 7) / 8; len(data) == 1+size && (data[0] == 2 || data[0] == 3) {
			x, y := elliptic.UnmarshalCompressed(curve, data)
			if x == nil {
				return nil, bad
			}
			data = slices.Concat([]byte{4}, x.FillBytes(make([]byte, size)), y.FillBytes(make([]byte, size)))
		}
		key, err := ecdsa.ParseUncompressedPublicKey(curve, data)
		if err != nil {
			return nil, bad
		}
		return key, nil
	}
	return nil, fail(NotSupported, "%s keys cannot be imported as raw", a.Name)
}

// exportKey exports the key; Extra names the format.
func exportKey(c Call) ([]byte, error) {
	var key any
	var err error
	if c.Private {
		key, err = privateKey(c.Algorithm, c.Key)
	} else {
		key, err = publicKey(c.Algorithm, c.Key)
	}
	if err != nil {
		return nil, err
	}
	switch string(c.Extra) {
	case "raw":
		switch key := key.(type) {
		case ed25519.PublicKey:
			return key, nil
		case *ecdh.PublicKey:
			return key.Bytes(), nil
		case *ecdsa.PublicKey:
			return key.Bytes()
		}
	case "jwk":
		return toJWK(key)
	}
	return nil, fail(NotSupported, "this key cannot be exported as %q", c.Extra)
}

// jwk holds the members of a JSON Web Key that make up the key itself.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
	D   string `json:"d,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	P   string `json:"p,omitempty"`
	Q   string `json:"q,omitempty"`
	DP  string `json:"dp,omitempty"`
	DQ  string `json:"dq,omitempty"`
	QI  string `json:"qi,omitempty"`
	Oth []any  `json:"oth,omitempty"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func toJWK(key any) ([]byte, error) {
	var k jwk
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		public, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, err
		}
		d, err := key.Bytes()
		if err != nil {
			return nil, err
		}
		k = ecJWK(key.Curve, public)
		k.D = b64(d)
	case *ecdsa.PublicKey:
		public, err := key.Bytes()
		if err != nil {
			return nil, err
		}
		k = ecJWK(key.Curve, public)
	case ed25519.PrivateKey:
		k = jwk{Kty: "OKP", Crv: "Ed25519", X: b64(key[ed25519.SeedSize:]), D: b64(key.Seed())}
	case ed25519.PublicKey:
		k = jwk{Kty: "OKP", Crv: "Ed25519", X: b64(key)}
	case *ecdh.PrivateKey:
		k = jwk{Kty: "OKP", Crv: "X25519", X: b64(key.PublicKey().Bytes()), D: b64(key.Bytes())}
	case *ecdh.PublicKey:
		k = jwk{Kty: "OKP", Crv: "X25519", X: b64(key.Bytes())}
	case *rsa.PublicKey:
		k = rsaJWK(key)
	case *rsa.PrivateKey:
		if len(key.Primes) != 2 {
			return nil, fail(NotSupported, "a key of more than two primes cannot be exported")
		}
		k = rsaJWK(&key.PublicKey)
		k.D, k.P, k.Q = b64(key.D.Bytes()), b64(key.Primes[0].Bytes()), b64(key.Primes[1].Bytes())
		k.DP, k.DQ, k.QI = b64(key.Precomputed.Dp.Bytes()), b64(key.Precomputed.Dq.Bytes()), b64(key.Precomputed.Qinv.Bytes())
	}
	return json.Marshal(k)
}

func ecJWK(curve elliptic.Curve, public []byte) jwk {
	half := len(public) / 2
	return jwk{Kty: "EC", Crv: curve.Params().Name, X: b64(public[1 : 1+half]), Y: b64(public[1+half:])}
}

func rsaJWK(key *rsa.PublicKey) jwk {
	return jwk{Kty: "RSA", N: b64(key.N.Bytes()), E: b64(big.NewInt(int64(key.E)).Bytes())}
}

func fromJWK(a Algorithm, data []byte) (key any, private bool, err error) {
	bad := fail(Data, "this is not a JSON Web Key for %s", a.Name)
	var k jwk
	if json.Unmarshal(data, &k) != nil {
		return nil, false, bad
	}
	ok := true
	bytes := func(s string) []byte {
		b, err := base64.RawURLEncoding.Strict().DecodeString(s)
		ok = ok && err == nil
		return b
	}
	switch {
	case k.Kty == "EC" && (a.Name == "ECDSA" || a.Name == "ECDH"):
		key, private, err = ecFromJWK(a, k, bytes)
	case k.Kty == "OKP" && k.Crv == a.Name:
		key, private, err = okpFromJWK(a, k, bytes)
	case k.Kty == "RSA" && len(k.Oth) == 0:
		key, private, err = rsaFromJWK(k, bytes)
	default:
		return nil, false, bad
	}
	if err != nil || !ok {
		return nil, false, bad
	}
	return key, private, nil
}

func ecFromJWK(a Algorithm, k jwk, bytes func(string) []byte) (any, bool, error) {
	curve, err := curveOf(k.Crv)
	if err != nil || k.Crv != a.Curve {
		return nil, false, fail(Data, "the key is on a different curve")
	}
	size := (curve.Params().BitSize + 7) / 8
	x, y := bytes(k.X), bytes(k.Y)
	if len(x) != size || len(y) != size {
		return nil, false, fail(Data, "the coordinates have the wrong length")
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil || k.D == "" {
		return public, false, err
	}
	key, err := ecdsa.ParseRawPrivateKey(curve, bytes(k.D))
	if err == nil && !key.PublicKey.Equal(public) {
		err = fail(Data, "the private key belongs to a different public key")
	}
	return key, true, err
}

func okpFromJWK(a Algorithm, k jwk, bytes func(string) []byte) (any, bool, error) {
	wrong := fail(Data, "the private key belongs to a different public key")
	x := bytes(k.X)
	public, err := rawPublic(a, x)
	if err != nil || k.D == "" {
		return public, false, err
	}
	d := bytes(k.D)
	if a.Name == "X25519" {
		key, err := ecdh.X25519().NewPrivateKey(d)
		if err == nil && !slices.Equal(key.PublicKey().Bytes(), x) {
			err = wrong
		}
		return key, true, err
	}
	if len(d) != ed25519.SeedSize {
		return nil, false, wrong
	}
	key := ed25519.NewKeyFromSeed(d)
	if !slices.Equal(key[ed25519.SeedSize:], x) {
		return nil, false, wrong
	}
	return key, true, nil
}

func rsaFromJWK(k jwk, bytes func(string) []byte) (any, bool, error) {
	number := func(s string) *big.Int { return new(big.Int).SetBytes(bytes(s)) }
	e := number(k.E)
	if !e.IsInt64() || e.Int64() < 2 || e.Int64() > 1<<31-1 {
		return nil, false, fail(Data, "the exponent cannot be used")
	}
	public := rsa.PublicKey{N: number(k.N), E: int(e.Int64())}
	if k.D == "" {
		return &public, false, checkNumbers(public.N, nil, e)
	}
	key := &rsa.PrivateKey{PublicKey: public, D: number(k.D), Primes: []*big.Int{number(k.P), number(k.Q)}}
	if err := checkNumbers(public.N, key.Primes, e, key.D); err != nil {
		return nil, false, err
	}
	key.Precompute()
	return key, true, key.Validate()
}
