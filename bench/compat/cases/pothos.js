// npm: @pothos/core@4.15.1 graphql@16.11.0
import SchemaBuilder from "@pothos/core";
import { graphql } from "graphql";
const b = new SchemaBuilder({});
b.queryType({ fields: (t) => ({ hi: t.string({ args: { n: t.arg.int() }, resolve: (_, a) => "hi " + a.n }) }) });
const schema = b.toSchema();
export default async () => Response.json(await graphql({ schema, source: "{ hi(n: 3) }" }));
