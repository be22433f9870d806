const K = [], H0 = [], frac = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
for (let p = 2; K.length < 64; p++) {
	let prime = true;
	for (let q = 2; q * q <= p; q++) if (p % q === 0) { prime = false; break; }
	if (prime) { if (H0.length < 8) H0.push(frac(p ** (1 / 2))); K.push(frac(p ** (1 / 3))); }
}
const rot = (x, n) => (x >>> n) | (x << (32 - n));
function sha256(bytes) {
	const H = H0.slice(), blocks = ((bytes.length + 8) >> 6) + 1, m = new Int32Array(blocks * 16), w = new Int32Array(64);
	for (let i = 0; i < bytes.length; i++) m[i >> 2] |= bytes[i] << (24 - (i & 3) * 8);
	m[bytes.length >> 2] |= 0x80 << (24 - (bytes.length & 3) * 8);
	m[blocks * 16 - 1] = bytes.length * 8;
	for (let b = 0; b < blocks; b++) {
		for (let i = 0; i < 64; i++) {
			if (i < 16) { w[i] = m[b * 16 + i]; continue; }
			const a = w[i - 15], c = w[i - 2];
			w[i] = (w[i - 16] + (rot(a, 7) ^ rot(a, 18) ^ (a >>> 3)) + w[i - 7] + (rot(c, 17) ^ rot(c, 19) ^ (c >>> 10))) | 0;
		}
		let [a, bb, c, d, e, f, g, h] = H;
		for (let i = 0; i < 64; i++) {
			const t1 = (h + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
			const t2 = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & bb) ^ (a & c) ^ (bb & c))) | 0;
			h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = bb; bb = a; a = (t1 + t2) | 0;
		}
		[a, bb, c, d, e, f, g, h].forEach((x, i) => { H[i] = (H[i] + x) | 0; });
	}
	return H.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}
export default () => sha256(new Uint8Array(20000).fill(7));
