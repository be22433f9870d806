// npm: sql-formatter@15.9.0 sqlstring@2.3.3 pgsql-ast-parser@12.0.2
import { format } from "sql-formatter";
import SqlString from "sqlstring";
import { parse, toSql } from "pgsql-ast-parser";
export default () => Response.json([format("select a,b from t where x=1 and y in (1,2)", { language: "postgresql" }), SqlString.format("select * from ?? where a = ?", ["t", "x'y"]), toSql.statement(parse("select a from b where c > 1")[0])]);
