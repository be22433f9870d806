export default () => {
	const a = new Float64Array(20000), bytes = new Uint8Array(a.buffer), view = new DataView(a.buffer);
	for (let i = 0; i < a.length; i++) a[i] = Math.sqrt(i) * 1.5;
	let sum = 0;
	for (let i = 0; i < bytes.length; i += 3) sum = (sum * 31 + bytes[i]) >>> 0;
	for (let i = 0; i < 20000; i++) sum = (sum + view.getUint16(i * 4, true)) >>> 0;
	return sum + a.subarray(5, 9).join();
};
