// npm: knex@3.3.0
import knex from "knex";
export default () => { const k = knex({ client: "pg" }); return Response.json([k("users").where({ a: 1 }).orWhere("b", ">", 2).limit(3).toSQL().toNative(), k.raw("select ?", [1]).toString()]); };
