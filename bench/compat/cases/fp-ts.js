// npm: fp-ts@2.16.11
import * as O from "fp-ts/lib/Option.js";
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
export default () => Response.json([pipe(O.some(2), O.map((x) => x + 1)), pipe(E.tryCatch(() => JSON.parse("{"), () => "bad"), E.match((e) => e, () => "ok"))]);
