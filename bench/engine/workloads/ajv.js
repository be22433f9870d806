import Ajv from "ajv";
const schema = {
	type: "object", required: ["id", "name", "tags"], additionalProperties: false,
	properties: { id: { type: "integer" }, name: { type: "string", minLength: 1, pattern: "^n" }, tags: { type: "array", items: { type: "string" } } },
};
export default () => {
	let n = 0;
	for (let round = 0; round < 3; round++) {
		const valid = new Ajv({ allErrors: true }).compile(schema);
		for (let i = 0; i < 2000; i++) n += valid({ id: i % 5 ? i : i + 0.5, name: "n" + i, tags: ["a", "b"] }) ? 1 : 0;
	}
	return n;
};
