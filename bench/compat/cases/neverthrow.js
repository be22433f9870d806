// npm: neverthrow@8.2.0
import { ok, err, ResultAsync } from "neverthrow";
export default async () => Response.json([ok(1).map((x) => x + 1).unwrapOr(0), err("no").mapErr((e) => e + "!")._unsafeUnwrapErr(), await ResultAsync.fromPromise(Promise.reject(new Error("x")), (e) => e.message).match((v) => v, (e) => e)]);
