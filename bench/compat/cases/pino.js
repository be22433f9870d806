// npm: pino@9.7.0
import pino from "pino";
export default () => { const log = pino({ level: "silent" }); log.info("x"); return Response.json([log.level, typeof log.child({ a: 1 }).info, pino.levels?.values?.info ?? 30]); };
