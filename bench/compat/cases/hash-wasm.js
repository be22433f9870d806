// npm: hash-wasm@4.13.0
import { argon2id, bcrypt, sha1, xxhash64, crc32 } from "hash-wasm";
export default async () => Response.json([await sha1("x"), await xxhash64("x"), await crc32("x"), await argon2id({ password: "p", salt: "saltsalt", parallelism: 1, iterations: 1, memorySize: 64, hashLength: 16, outputType: "hex" }), await bcrypt({ password: "p", salt: new Uint8Array(16), costFactor: 4 })]);
