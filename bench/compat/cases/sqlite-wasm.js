// npm: sql.js@1.17.0
import initSqlJs from "sql.js/dist/sql-asm.js";
export default async () => { const SQL = await initSqlJs(); const db = new SQL.Database(); db.run("create table t(a,b); insert into t values (1,'x'),(2,'y')"); return Response.json(db.exec("select sum(a), group_concat(b) from t")); };
