// npm: ramda@0.31.3
import * as R from "ramda";
export default () => Response.json([R.pipe(R.map(R.inc), R.filter(R.gt(R.__, 2)))([1, 2, 3]), R.path(["a", 0, "b"], { a: [{ b: 7 }] }), R.sortBy(R.prop("n"), [{ n: 2 }, { n: 1 }])]);
