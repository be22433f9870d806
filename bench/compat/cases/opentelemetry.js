// npm: @opentelemetry/api@1.10.0 @sentry/core@9.47.2 posthog-node@5.70.0
import { trace, context } from "@opentelemetry/api";
import { getCurrentScope, parameterize, dsnFromString } from "@sentry/core";
import { PostHog } from "posthog-node";
export default async () => { const p = new PostHog("key", { host: "http://127.0.0.1:9", flushAt: 100, disabled: true }); await p.shutdown(); return Response.json([trace.getTracer("x").startSpan("a").isRecording(), typeof context.active(), dsnFromString("https://k@o1.ingest.sentry.io/1").projectId, typeof getCurrentScope().setTag]); };
