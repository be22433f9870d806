// npm: @noble/hashes@1.8.0 @noble/curves@1.9.7 @noble/ciphers@1.3.0
import { sha3_256 } from "@noble/hashes/sha3";
import { blake3 } from "@noble/hashes/blake3";
import { bytesToHex } from "@noble/hashes/utils";
import { secp256k1 } from "@noble/curves/secp256k1";
import { chacha20poly1305 } from "@noble/ciphers/chacha";
const m = new TextEncoder().encode("hello");
export default () => { const k = new Uint8Array(32).fill(7); const sig = secp256k1.sign(sha3_256(m), k); return Response.json([bytesToHex(sha3_256(m)), bytesToHex(blake3(m)), sig.toCompactHex(), secp256k1.verify(sig, sha3_256(m), secp256k1.getPublicKey(k)), bytesToHex(chacha20poly1305(k, new Uint8Array(12)).encrypt(m))]); };
