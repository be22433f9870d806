// npm: decimal.js@10.6.0 bignumber.js@9.3.1 big.js@7.0.1 fraction.js@5.3.4 bn.js@5.2.5 currency.js@2.0.4 dinero.js@1.9.1
import Decimal from "decimal.js";
import BigNumber from "bignumber.js";
import Big from "big.js";
import Fraction from "fraction.js";
import BN from "bn.js";
import currency from "currency.js";
import Dinero from "dinero.js";
export default () => Response.json([new Decimal(2).sqrt(), new BigNumber("0.1").plus("0.2"), new Big(1).div(3).toFixed(10), new Fraction("1/3").add(0.5).toFraction(), new BN("ff", 16).pow(new BN(20)).toString(), currency("1,234.567").multiply(3).format(), Dinero({ amount: 500 }).add(Dinero({ amount: 250 })).getAmount()]);
