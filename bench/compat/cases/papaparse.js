// npm: papaparse@5.5.3
import Papa from "papaparse";
export default () => Response.json([Papa.parse("a,b\n1,\"x,y\"\n", { header: true }).data, Papa.unparse([{ a: 1, b: "q\"r" }])]);
