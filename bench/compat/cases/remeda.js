// npm: remeda@2.62.2
import { pipe, map, filter, groupBy } from "remeda";
export default () => Response.json(pipe([1, 2, 3, 4], filter((x) => x % 2 === 0), map((x) => x * x), groupBy((x) => (x > 5 ? "big" : "small"))));
