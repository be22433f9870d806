// npm: csv-parse@5.6.0 csv-stringify@6.9.0 d3-dsv@3.0.2
import { parse } from "csv-parse/browser/esm/sync";
import { stringify } from "csv-stringify/browser/esm/sync";
import { csvParse } from "d3-dsv";
export default () => Response.json([parse("a,b\n1,\"x,y\"\n", { columns: true }), stringify([["a", "b\"c"], [1, 2]]), csvParse("a,b\n1,2", (d) => ({ a: +d.a }))]);
