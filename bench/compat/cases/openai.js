// npm: openai@5.7.0
import OpenAI from "openai";
const client = new OpenAI({ apiKey: "k", fetch: async (url, init) => Response.json({ url: String(url), body: JSON.parse(init.body), choices: [] }) });
export default async () => Response.json(await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hi" }] }));
