// npm: p-limit@6.2.0 p-queue@8.1.1 p-retry@6.2.1 p-map@7.1.1
import pLimit from "p-limit";
import PQueue from "p-queue";
import pRetry from "p-retry";
import pMap from "p-map";
export default async () => { const l = pLimit(2); let tries = 0; const q = new PQueue({ concurrency: 1 }); return Response.json([await Promise.all([1, 2, 3].map((x) => l(async () => x * 2))), await pRetry(() => { if (++tries < 3) throw new Error("x"); return tries; }, { minTimeout: 1 }), await pMap([1, 2], async (x) => x + 1, { concurrency: 1 }), await q.add(() => "q")]); };
