// npm: kysely@0.28.2
import { Kysely, DummyDriver, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from "kysely";
const db = new Kysely({ dialect: { createAdapter: () => new SqliteAdapter(), createDriver: () => new DummyDriver(), createIntrospector: (d) => new SqliteIntrospector(d), createQueryCompiler: () => new SqliteQueryCompiler() } });
export default () => {
	const q = db.selectFrom("person").select(["id", sql`count(*)`.as("n")]).where("age", ">", 3).groupBy("id").compile();
	return Response.json([q.sql, q.parameters]);
};
