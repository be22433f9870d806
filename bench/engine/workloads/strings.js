export default () => {
	const list = [];
	for (let i = 0; i < 30000; i++) list.push(`k${i}`.padStart(10, "0").toUpperCase().slice(2, 8));
	return list.join(",").split(",").map((s) => s.indexOf("9")).reduce((a, b) => a + b, 0);
};
