// npm: qs@6.17.1 query-string@9.5.1 url-join@5.2.0 path-to-regexp@8.4.2 regexparam@3.0.0
import qs from "qs";
import queryString from "query-string";
import urlJoin from "url-join";
import { match, compile } from "path-to-regexp";
import { parse } from "regexparam";
export default () => Response.json([qs.parse("a[b]=1&c[]=2&c[]=3"), qs.stringify({ a: { b: [1, 2] } }), queryString.parse("x=1&x=2"), urlJoin("http://a", "b", "?c=d"), match("/u/:id{/:sub}")("/u/7/x"), compile("/u/:id")({ id: "a b" }), parse("/a/:b?").pattern.test("/a")]);
