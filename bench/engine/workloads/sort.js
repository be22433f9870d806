export default () => {
	const list = [];
	for (let i = 0, x = 12345; i < 15000; i++) { x = (x * 1103515245 + 12345) & 0x7fffffff; list.push(x); }
	return list.slice().sort((a, b) => a - b)[7] + list.map(String).sort()[7];
};
