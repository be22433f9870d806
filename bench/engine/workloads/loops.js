export default () => {
	let sum = 0;
	for (let i = 0; i < 2e6; i++) sum = (sum + i * 7) & 0xffffff;
	for (let i = 0; i < 2e5; i++) for (let j = 0; j < 5; j++) sum ^= j;
	return sum;
};
