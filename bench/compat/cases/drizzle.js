// npm: drizzle-orm@0.44.7
import { sqliteTable, text, integer, SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import { eq, and, gt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/sqlite-proxy";
const users = sqliteTable("users", { id: integer("id").primaryKey(), name: text("name").notNull() });
export default async () => { const log = []; const db = drizzle(async (q, p, m) => { log.push(q, p, m); return { rows: [[1, "Ada"]] }; }); return Response.json([await db.select().from(users).where(and(eq(users.name, "Ada"), gt(users.id, 0))), log, db.insert(users).values({ name: "x" }).toSQL()]); };
