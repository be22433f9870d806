export default () => {
	const map = new Map(), set = new Set(), byObject = new Map(), objects = [];
	for (let i = 0; i < 40000; i++) { map.set(i, i * 2); set.add("k" + (i % 5000)); }
	for (let i = 0; i < 5000; i++) { const o = { i }; objects.push(o); byObject.set(o, i); }
	let sum = set.size;
	for (let i = 0; i < 40000; i++) sum += map.get(i);
	for (const o of objects) sum += byObject.get(o);
	return sum;
};
