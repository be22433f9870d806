// npm: scrypt-js@3.0.1 pbkdf2@3.1.7 aes-js@3.1.2 elliptic@6.6.1 hi-base32@0.5.1 bs58@6.0.0 multiformats@13.4.2
import scrypt from "scrypt-js";
import pbkdf2 from "pbkdf2";
import aesjs from "aes-js";
import base32 from "hi-base32";
import bs58 from "bs58";
import { CID } from "multiformats/cid";
import elliptic from "elliptic";
const b = (s) => new TextEncoder().encode(s);
export default () => Response.json([[...scrypt.syncScrypt(b("p"), b("s"), 16, 1, 1, 8)], pbkdf2.pbkdf2Sync("p", "s", 10, 16, "sha256").toString("hex"), aesjs.utils.hex.fromBytes(new aesjs.AES(new Uint8Array(16)).encrypt(new Uint8Array(16))), base32.encode("hello"), bs58.encode(b("hello")), CID.parse("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi").version, new elliptic.ec("secp256k1").keyFromPrivate("01").getPublic("hex")]);
