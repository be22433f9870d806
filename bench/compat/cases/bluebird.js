// npm: bluebird@3.7.2
import P from "bluebird";
export default async () => Response.json([await P.map([1, 2, 3], (x) => P.delay(1).then(() => x * 2), { concurrency: 2 }), await P.props({ a: P.resolve(1) }), await P.reject(new TypeError("t")).catch(TypeError, (e) => e.message)]);
