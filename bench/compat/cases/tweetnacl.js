// npm: tweetnacl@1.0.3
import nacl from "tweetnacl";
export default () => { const k = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(3)); const s = nacl.sign.detached(new Uint8Array([1, 2]), k.secretKey); return Response.json([[...k.publicKey.slice(0, 4)], nacl.sign.detached.verify(new Uint8Array([1, 2]), s, k.publicKey), [...nacl.hash(new Uint8Array(1)).slice(0, 4)]]); };
