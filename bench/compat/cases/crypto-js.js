// npm: crypto-js@4.2.0
import CryptoJS from "crypto-js";
export default () => Response.json([CryptoJS.SHA256("a").toString(), CryptoJS.HmacSHA1("a", "k").toString(CryptoJS.enc.Base64), CryptoJS.AES.decrypt(CryptoJS.AES.encrypt("hi", "pw").toString(), "pw").toString(CryptoJS.enc.Utf8), CryptoJS.MD5("x").toString()]);
