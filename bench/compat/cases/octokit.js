// npm: @octokit/core@7.0.8 @octokit/webhooks-methods@6.0.0 discord-interactions@4.4.0 grammy@1.46.0
import { Octokit } from "@octokit/core";
import { sign, verify } from "@octokit/webhooks-methods";
import { verifyKey } from "discord-interactions";
import { Bot } from "grammy/web";
export default async () => { const s = await sign("secret", "{}"); const b = new Bot("1:a", { botInfo: { id: 1, is_bot: true, first_name: "x", username: "x" } }); let seen; b.on("message", (c) => { seen = c.message.text; }); await b.handleUpdate({ update_id: 1, message: { message_id: 1, date: 0, chat: { id: 1, type: "private" }, text: "yo" } }); return Response.json([s, await verify("secret", "{}", s), new Octokit().request.endpoint("GET /repos/{o}/{r}", { o: "a", r: "b" }).url, await verifyKey("x", "00".repeat(64), "1", "00".repeat(32)), seen]); };
