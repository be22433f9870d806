// npm: @msgpack/msgpack@3.1.3 msgpackr@1.12.1 cborg@4.5.8 bson@6.10.4 superjson@2.2.7 devalue@5.9.4 flatted@3.4.4 seroval@1.8.2
import { encode, decode } from "@msgpack/msgpack";
import { pack, unpack } from "msgpackr";
import * as cborg from "cborg";
import { BSON } from "bson";
import superjson from "superjson";
import { stringify, parse, uneval } from "devalue";
import * as flatted from "flatted";
import { serialize } from "seroval";
const v = { a: [1, "x", null], b: 1.5, d: new Date(0) };
export default () => Response.json([decode(encode(v)), unpack(pack(v)), cborg.decode(cborg.encode({ a: 1, b: [true] })), BSON.deserialize(BSON.serialize({ a: 1, s: "x" })), superjson.stringify({ d: new Date(0), s: new Set([1]) }), stringify({ m: new Map([[1, 2]]) }), uneval({ a: [undefined] }), parse("[{\"a\":1},2]"), flatted.stringify({ a: { b: 1 } }), serialize({ x: new Map([["a", 1n]]) })]);
