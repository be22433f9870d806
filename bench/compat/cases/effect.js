// npm: effect@3.16.16
import { Effect, Schema, pipe } from "effect";
const P = Schema.Struct({ n: Schema.Number });
export default async () => Response.json([await Effect.runPromise(pipe(Effect.succeed(2), Effect.map((n) => n * 21), Effect.delay("5 millis"))), Schema.decodeUnknownSync(P)({ n: 3 }), String(Schema.decodeUnknownEither(P)({ n: "x" })._tag)]);
