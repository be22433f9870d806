// npm: hash-wasm@4.13.0
import { argon2id, argon2Verify, bcrypt, blake3, createSHA256, xxhash64, pbkdf2, createSHA512 } from "hash-wasm";
const salt = new Uint8Array(16).fill(7);
export default async () => {
	const hash = await argon2id({ password: "pässword", salt, parallelism: 1, iterations: 2, memorySize: 4096, hashLength: 32, outputType: "encoded" });
	const sha = await createSHA256();
	return Response.json({
		hash, right: await argon2Verify({ password: "pässword", hash }), wrong: await argon2Verify({ password: "password", hash }),
		bcrypt: await bcrypt({ password: "secret", salt, costFactor: 4, outputType: "encoded" }),
		blake3: await blake3("a".repeat(10000)), xx: await xxhash64("x"), sha: sha.init().update("abc").update(new Uint8Array(1000)).digest("hex"),
		pbkdf2: await pbkdf2({ password: "p", salt, iterations: 100, hashLength: 32, hashFunction: createSHA512() }),
	});
};
