// npm: otpauth@9.5.2 otplib@12.0.1 speakeasy@2.0.0
import * as OTPAuth from "otpauth";
import { totp } from "otplib";
import speakeasy from "speakeasy";
export default () => { const t = new OTPAuth.TOTP({ secret: "JBSWY3DPEHPK3PXP", digits: 6, period: 30 }); totp.options = { epoch: 1e12 }; return Response.json([t.generate({ timestamp: 1e12 }), t.toString(), totp.generate("SECRET"), speakeasy.totp({ secret: "JBSWY3DPEHPK3PXP", encoding: "ascii", time: 1e9 })]); };
