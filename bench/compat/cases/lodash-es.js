// npm: lodash-es@4.17.21
import _ from "lodash-es";
import { groupBy, debounce, template } from "lodash-es";
export default () => Response.json([_.chunk([1, 2, 3, 4, 5], 2), groupBy(["a", "bb", "cc"], "length"), typeof debounce(() => 1), template("hi <%= x %>")({ x: 1 })]);
