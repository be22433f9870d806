import * as zlib from "browserify-zlib";

const missing = (name) => () => { throw new Error(`zlib.${name} is not available in functions; DecompressionStream and CompressionStream have gzip and deflate`); };
const crc32 = (data, value = 0) => {
	const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
	let crc = ~value;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc >>> 0;
};
const all = { ...zlib, crc32, constants: { ...zlib.default?.constants } };
for (const [name, value] of Object.entries(zlib)) if (/^Z_/.test(name)) all.constants[name] = value;
for (const name of ["brotliCompress", "brotliCompressSync", "brotliDecompress", "brotliDecompressSync", "createBrotliCompress", "createBrotliDecompress"]) all[name] = missing(name);
delete all.default;
export default all;
