// npm: @modelcontextprotocol/sdk@1.32.2 zod@3.25.76
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { z } from "zod";
export default async () => { const s = new McpServer({ name: "x", version: "1" }); s.tool("add", { a: z.number(), b: z.number() }, async ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] })); const [x, y] = InMemoryTransport.createLinkedPair(); const c = new Client({ name: "c", version: "1" }); await Promise.all([s.connect(x), c.connect(y)]); return Response.json([(await c.listTools()).tools.map((t) => t.name), await c.callTool({ name: "add", arguments: { a: 1, b: 2 } })]); };
