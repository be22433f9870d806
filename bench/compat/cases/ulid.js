// npm: ulid@3.0.2
import { ulid, decodeTime, monotonicFactory } from "ulid";
export default () => { const m = monotonicFactory(); const a = m(1e12), b = m(1e12); return Response.json([decodeTime(ulid(1469918176385)), a < b, a.length]); };
