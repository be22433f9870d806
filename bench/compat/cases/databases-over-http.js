// npm: @upstash/redis@1.39.0 @libsql/client@0.15.15 @neondatabase/serverless@1.2.0 @planetscale/database@1.20.2
import { Redis } from "@upstash/redis/cloudflare";
import { createClient } from "@libsql/client/web";
import { neon } from "@neondatabase/serverless";
import { connect, cast } from "@planetscale/database";
export default () => Response.json([typeof new Redis({ url: "https://x.example.com", token: "t" }).get, createClient({ url: "https://x.turso.io", authToken: "t" }).protocol, typeof neon("postgresql://u:p@h/d"), typeof connect({ url: "mysql://u:p@h" }).execute, cast({ type: "INT64", name: "a" }, "5")]);
