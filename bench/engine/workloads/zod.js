import { z } from "zod";
const schema = z.object({ id: z.number().int(), name: z.string().min(1), tags: z.array(z.string()), email: z.string().email() });
export default () => {
	let n = 0;
	for (let i = 0; i < 800; i++) n += schema.safeParse({ id: i, name: "n" + i, tags: ["a", "b"], email: i % 7 ? `a${i}@example.com` : "none" }).success ? 1 : 0;
	return n;
};
