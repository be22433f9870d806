// npm: @apollo/client@3.14.1 graphql@16.11.0
import { gql, InMemoryCache } from "@apollo/client/core/index.js";
export default () => { const c = new InMemoryCache(); const q = gql`{ a { id __typename x } }`; c.writeQuery({ query: q, data: { a: { id: 1, __typename: "A", x: 2 } } }); return Response.json([c.readQuery({ query: q }), c.extract()]); };
