export default () => {
	let a = 1n, b = 1n;
	for (let i = 0; i < 2500; i++) [a, b] = [b, a + b];
	return String(b * b % (10n ** 40n)) + (b ** 3n).toString().length;
};
