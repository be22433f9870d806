// npm: ai@4.3.19 @ai-sdk/openai@1.3.24 zod@3.25.76 gpt-tokenizer@3.4.0 eventsource-parser@3.1.1
import { tool, generateText } from "ai";
import { encode, decode } from "gpt-tokenizer";
import { createParser } from "eventsource-parser";
import { createOpenAI } from "@ai-sdk/openai";
import { z } from "zod";
export default async () => { const events = []; createParser({ onEvent: (e) => events.push(e.data) }).feed("data: a\n\ndata: b\n\n"); const model = { specificationVersion: "v1", provider: "x", modelId: "y", doGenerate: async () => ({ rawCall: {}, finishReason: "stop", usage: { promptTokens: 1, completionTokens: 2 }, text: "hello" }) }; const r = await generateText({ model, prompt: "x", tools: { t: tool({ parameters: z.object({ a: z.string() }), execute: async () => 1 }) } }); return Response.json([r.text, r.usage, encode("hello world"), decode([15339]), events, createOpenAI({ apiKey: "x" })("gpt-4o").modelId]); };
