package intl

import (
	"math/big"
	"strings"
)

// rounding is what the digit options of a number format say.
type rounding struct {
	minInt, minFrac, maxFrac, minSig, maxSig int
	byFraction, bySignificant                bool
	priority, mode, zeros                    string
	increment                                int
}

// resolve is SetNumberFormatDigitOptions of ECMA-402. What each option may be has been checked.
func (r *rounding) resolve(o options, style, notation string, places int) error {
	*r = rounding{minInt: o.number("minimumIntegerDigits", 1), priority: o.text("roundingPriority"), mode: o.text("roundingMode"), zeros: o.text("trailingZeroDisplay"), increment: o.number("roundingIncrement", 1), minSig: 1, maxSig: 21}
	minFrac, maxFrac := 0, 3
	switch {
	case style == "currency" && notation == "standard":
		minFrac, maxFrac = places, places
	case style == "currency":
		minFrac, maxFrac = 0, 0
		if notation == "compact" {
			break
		}
		minFrac, maxFrac = places, places
	case style == "percent":
		maxFrac = 0
	}
	if r.increment != 1 {
		maxFrac = minFrac
	}
	hasSig := o.has("minimumSignificantDigits") || o.has("maximumSignificantDigits")
	hasFrac := o.has("minimumFractionDigits") || o.has("maximumFractionDigits")
	r.bySignificant = hasSig || r.priority != "auto"
	r.byFraction = r.priority != "auto" || !hasSig && (hasFrac || notation != "compact")
	if r.bySignificant && hasSig {
		r.minSig, r.maxSig = o.number("minimumSignificantDigits", 1), o.number("maximumSignificantDigits", 21)
		if r.minSig > r.maxSig {
			return rangeError("maximumSignificantDigits value is out of range.")
		}
	}
	if r.byFraction {
		r.minFrac, r.maxFrac = minFrac, maxFrac
		least, most := o.has("minimumFractionDigits"), o.has("maximumFractionDigits")
		switch a, b := o.number("minimumFractionDigits", 0), o.number("maximumFractionDigits", 0); {
		case least && most && a > b:
			return rangeError("maximumFractionDigits value is out of range.")
		case least && most:
			r.minFrac, r.maxFrac = a, b
		case least:
			r.minFrac, r.maxFrac = a, max(maxFrac, a)
		case most:
			r.minFrac, r.maxFrac = min(minFrac, b), b
		}
	}
	if !r.byFraction && !r.bySignificant { // compact: to an integer, but not to fewer than two digits
		r.byFraction, r.bySignificant, r.maxSig, r.priority = true, true, 2, "morePrecision"
	}
	if r.increment != 1 && (r.bySignificant || r.priority != "auto") {
		return typeError("roundingIncrement value is invalid.")
	}
	if r.increment != 1 && r.minFrac != r.maxFrac {
		return rangeError("roundingIncrement value is out of range.")
	}
	return nil
}

// round returns the number to show, and how many fraction digits to show at least.
func (r *rounding) round(d dec) (dec, int) {
	significant := r.bySignificant
	if r.byFraction && r.bySignificant {
		last := d.exp - r.maxSig // the place of the last digit
		if significant = last <= -r.maxFrac; r.priority == "lessPrecision" {
			significant = last > -r.maxFrac
		}
	}
	least := r.minFrac
	switch {
	case significant:
		d = d.roundTo(r.maxSig, r.mode)
		digits := d.exp
		if d.isZero() {
			digits = 1
		}
		least = max(r.minSig-digits, 0)
	case r.increment != 1:
		d = d.roundBy(r.increment, r.maxFrac, r.mode)
	default:
		d = d.roundFrac(r.maxFrac, r.mode)
	}
	if r.zeros == "stripIfInteger" && !d.hasFraction() {
		least = 0
	}
	return d, least
}

// roundBy rounds to a multiple of step in the last of some fraction digits.
func (d dec) roundBy(step, places int, mode string) dec {
	if d.isZero() {
		return d
	}
	// In units of the last place, the number is whole × 10^scale.
	scale := d.exp - len(d.digits) + places
	whole, _ := new(big.Int).SetString(string(d.digits), 10)
	unit := big.NewInt(int64(step))
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil)
	if scale >= 0 {
		whole.Mul(whole, power)
	} else {
		unit.Mul(unit, power)
	}
	quotient, rest := new(big.Int).QuoRem(whole, unit, new(big.Int))
	if rest.Sign() != 0 {
		// The rest as a fraction of one: exactly a half, or to either side of it.
		fraction := dec{digits: []byte{'5'}, neg: d.neg}
		switch rest.Lsh(rest, 1).Cmp(unit) {
		case -1:
			fraction.digits = []byte{'3'}
		case 1:
			fraction.digits = []byte{'7'}
		}
		odd := quotient.Bit(0) == 1
		if mode == "halfEven" && string(fraction.digits) == "5" {
			if odd {
				quotient.Add(quotient, big.NewInt(1))
			}
		} else if fraction.roundUp(0, mode) {
			quotient.Add(quotient, big.NewInt(1))
		}
	}
	digits := quotient.Mul(quotient, big.NewInt(int64(step))).String()
	if digits == "0" {
		return dec{neg: d.neg}
	}
	return normDec([]byte(strings.TrimLeft(digits, "0")), len(digits)-places, d.neg)
}

func (r *rounding) options() object {
	o := object{{"minimumIntegerDigits", r.minInt}}
	if r.bySignificant {
		o = append(o, object{{"minimumSignificantDigits", r.minSig}, {"maximumSignificantDigits", r.maxSig}}...)
	}
	if r.byFraction {
		o = append(o, object{{"minimumFractionDigits", r.minFrac}, {"maximumFractionDigits", r.maxFrac}}...)
	}
	return o
}
