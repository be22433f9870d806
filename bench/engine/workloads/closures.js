function* count(n) { for (let i = 0; i < n; i++) yield i; }
export default () => {
	let sum = 0;
	for (let i = 0; i < 8000; i++) sum += [1, 2, 3, 4, 5, 6, 7, 8].map((x) => x * i).filter((x) => x & 1).reduce((a, b) => a + b, 0);
	for (const x of count(40000)) sum += x;
	return sum;
};
