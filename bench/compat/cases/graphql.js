// npm: graphql@16.11.0
import { graphql, buildSchema, printSchema, parse, validate } from "graphql";
const schema = buildSchema("type Query { hi(name: String = \"x\"): String!, list: [Int!]! }");
export default async () => Response.json([await graphql({ schema, source: "{ hi(name: \"Ada\") list }", rootValue: { hi: ({ name }) => "hi " + name, list: [1, 2] } }), printSchema(schema), validate(schema, parse("{ nope }")).map((e) => e.message)]);
