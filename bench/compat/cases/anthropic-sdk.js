// npm: @anthropic-ai/sdk@0.54.0
import Anthropic from "@anthropic-ai/sdk";
const client = new Anthropic({ apiKey: "k", fetch: async (url, init) => Response.json({ url: String(url), body: JSON.parse(init.body) }) });
export default async () => Response.json(await client.messages.create({ model: "m", max_tokens: 5, messages: [{ role: "user", content: "hi" }] }));
