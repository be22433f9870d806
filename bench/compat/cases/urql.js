// npm: @urql/core@5.2.0 graphql@16.11.0
import { createClient, gql, fetchExchange, cacheExchange } from "@urql/core";
export default () => { const c = createClient({ url: "http://x", exchanges: [cacheExchange, fetchExchange] }); return Response.json([c.createRequestOperation("query", { query: gql`{ a }`, key: 1, variables: {} }).kind, gql`query Q { a }`.definitions[0].name.value]); };
