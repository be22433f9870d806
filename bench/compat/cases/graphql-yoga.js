// npm: graphql-yoga@5.14.0 graphql@16.11.0
// GET /api/graphql?query=%7Bhello%7D
import { createSchema, createYoga } from "graphql-yoga";
const yoga = createYoga({ schema: createSchema({ typeDefs: "type Query { hello: String }", resolvers: { Query: { hello: () => "world" } } }), graphqlEndpoint: "/api/graphql", logging: false });
export default { fetch: (request, env, ctx) => yoga.fetch(request, env, ctx) };
