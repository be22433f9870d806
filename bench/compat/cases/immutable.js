// npm: immutable@5.2.1
import { Map, List, fromJS, Record } from "immutable";
const P = Record({ x: 0, y: 0 });
export default () => Response.json([Map({ a: 1 }).set("b", 2), List([3, 1, 2]).sort(), fromJS({ a: { b: [1] } }).getIn(["a", "b", 0]), P({ x: 3 }).toJS()]);
