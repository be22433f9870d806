// npm: async@3.2.6
import async from "async";
export default async () => Response.json([await async.mapLimit([1, 2, 3], 2, async (x) => x * 3), await async.waterfall([(cb) => cb(null, 1), (a, cb) => setTimeout(() => cb(null, a + 1), 1)])]);
