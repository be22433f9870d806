// npm: lodash@4.18.1
import _ from "lodash";
export default () => Response.json([_.chunk([1, 2, 3], 2), _.groupBy([6.1, 4.2, 6.3], Math.floor), _.template("hi <%= n %>")({ n: "x" }), _.merge({ a: { b: 1 } }, { a: { c: 2 } }), _.kebabCase("fooBar baz"), _.sortBy([{ a: 2 }, { a: 1 }], "a")]);
