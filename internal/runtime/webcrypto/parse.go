package webcrypto

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
)

const (
	minModulus, maxModulus = 1024, 4096 // bits of RSA: below this, a key is worthless and Go refuses it; above, it takes many seconds
	maxImported            = 16 << 10   // bytes of an imported key
)

// form is how a key is written in DER.
type form int

const (
	pkcs8 form = iota
	spki
	pkcs1
	sec1
	pkcs1Public
	certificate
)

var rsaEncryption = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}

// These are what package x509 decodes, so that the numbers checked here are the ones that it computes with.
type (
	pkcs8Info struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}
	spkiInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	rsaPrivate struct {
		Version          int
		N, E, D, P, Q    *big.Int
		Dp               *big.Int `asn1:"optional"`
		Dq               *big.Int `asn1:"optional"`
		Qinv             *big.Int `asn1:"optional"`
		AdditionalPrimes []struct {
			Prime, Exp, Coeff *big.Int
		} `asn1:"optional,omitempty"`
	}
	rsaPublic struct{ N, E *big.Int }
)

var errMalformed = errors.New("malformed key")

// parse parses a key in DER. Package x509 computes with the numbers of an RSA key to check it, which takes hours if they are
// large enough, so their sizes are checked first.
func parse(f form, der []byte) (key any, err error) {
	if len(der) > maxImported {
		return nil, fail(Data, "the key has more than %d bytes", maxImported)
	}
	switch f {
	case pkcs8:
		var info pkcs8Info
		if _, err := asn1.Unmarshal(der, &info); err != nil {
			return nil, errMalformed
		}
		if info.Algorithm.Algorithm.Equal(rsaEncryption) {
			if err := checkRSAPrivate(info.Key); err != nil {
				return nil, err
			}
		}
		key, err = x509.ParsePKCS8PrivateKey(der)
	case spki:
		var info spkiInfo
		if _, err := asn1.Unmarshal(der, &info); err != nil {
			return nil, errMalformed
		}
		if info.Algorithm.Algorithm.Equal(rsaEncryption) {
			if err := checkRSAPublic(info.Key.RightAlign()); err != nil {
				return nil, err
			}
		}
		key, err = x509.ParsePKIXPublicKey(der)
	case pkcs1:
		if err := checkRSAPrivate(der); err != nil {
			return nil, err
		}
		key, err = x509.ParsePKCS1PrivateKey(der)
	case sec1:
		key, err = x509.ParseECPrivateKey(der)
	case pkcs1Public:
		if err := checkRSAPublic(der); err != nil {
			return nil, err
		}
		key, err = x509.ParsePKCS1PublicKey(der)
	case certificate:
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(der); err == nil {
			key = c.PublicKey
		}
	}
	if err != nil {
		return nil, err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, supportedModulus(key.N)
	case *rsa.PublicKey:
		return key, supportedModulus(key.N)
	}
	return key, nil
}

func checkRSAPrivate(der []byte) error {
	var k rsaPrivate
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return errMalformed
	}
	if len(k.AdditionalPrimes) > 0 {
		return fail(NotSupported, "an RSA key of more than two primes is not supported")
	}
	return checkNumbers(k.N, []*big.Int{k.P, k.Q}, k.E, k.D, k.Dp, k.Dq, k.Qinv)
}

func checkRSAPublic(der []byte) error {
	var k rsaPublic
	if rest, err := asn1.Unmarshal(der, &k); err != nil || len(rest) > 0 {
		return errMalformed
	}
	return checkNumbers(k.N, nil, k.E)
}

// checkNumbers checks the sizes of the numbers of an RSA key; those that are nil are absent.
func checkNumbers(n *big.Int, primes []*big.Int, others ...*big.Int) error {
	if n.Sign() <= 0 {
		return fail(Data, "the modulus is not a positive number")
	}
	if err := supportedModulus(n); err != nil {
		return err
	}
	sum := 0
	for _, p := range primes {
		if p.Sign() <= 0 {
			return fail(Data, "a prime is not a positive number")
		}
		sum += p.BitLen()
	}
	if sum > n.BitLen()+1 {
		return fail(Data, "the primes are too long for the modulus")
	}
	for _, x := range others {
		if x != nil && (x.Sign() < 0 || x.BitLen() > n.BitLen()) {
			return fail(Data, "a number of the key is negative or longer than the modulus")
		}
	}
	return nil
}

func supportedModulus(n *big.Int) error {
	if bits := n.BitLen(); bits < minModulus || bits > maxModulus {
		return fail(NotSupported, "an RSA key of %d bits is not supported; it may have from %d to %d", bits, minModulus, maxModulus)
	}
	return nil
}

// parsed is parse with an error that a script may see.
func parsed(f form, der []byte, otherwise string) (any, error) {
	key, err := parse(f, der)
	var known *Error
	if err != nil && !errors.As(err, &known) {
		return nil, fail(Data, "%s", otherwise)
	}
	return key, err
}

// parseAny parses a key in whichever form it has.
func parseAny(der []byte) (any, error) {
	var known *Error
	for _, f := range []form{pkcs8, spki, pkcs1, sec1, pkcs1Public, certificate} {
		key, err := parse(f, der)
		if err == nil || errors.As(err, &known) {
			return key, err
		}
	}
	return nil, fail(Data, "this is not a key in PEM or DER, or the key is encrypted")
}
