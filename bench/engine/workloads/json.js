export default () => {
	const value = { list: [], text: "text", nested: { half: 1.5 } };
	for (let i = 0; i < 200; i++) value.list.push({ id: i, name: "name " + i, ok: i % 2 === 0, tags: ["x", "y", String(i)] });
	let length = 0;
	for (let i = 0; i < 25; i++) length += JSON.stringify(JSON.parse(JSON.stringify(value))).length;
	return length;
};
