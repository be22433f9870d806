// npm: object-hash@3.0.0 ohash@2.0.12 md5@2.3.0 sha.js@2.4.12 spark-md5@3.0.2 xxhashjs@0.2.2 murmurhash@2.0.1
import objectHash from "object-hash";
import { hash } from "ohash";
import md5 from "md5";
import sha from "sha.js";
import SparkMD5 from "spark-md5";
import XXH from "xxhashjs";
import murmur from "murmurhash";
export default () => Response.json([objectHash({ b: 1, a: [2] }), hash({ a: 1 }), md5("x"), sha("sha256").update("x").digest("hex"), SparkMD5.hash("x"), XXH.h32("x", 0).toString(16), murmur.v3("x")]);
