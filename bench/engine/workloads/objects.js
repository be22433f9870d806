export default () => {
	let sum = 0;
	for (let i = 0; i < 60000; i++) {
		const o = { x: i, y: i + 1, z: { w: i } };
		const { x, z: { w } } = o;
		const copy = { ...o, q: 1 };
		sum += x + w + copy.q + Object.keys(copy).length;
	}
	return sum;
};
