// npm: fflate@0.8.3 pako@2.2.0 lz-string@1.5.0 snappyjs@0.7.0
import { zipSync, unzipSync, gzipSync, gunzipSync, strToU8, strFromU8 } from "fflate";
import pako from "pako";
import LZString from "lz-string";
import Snappy from "snappyjs";
export default () => Response.json([strFromU8(unzipSync(zipSync({ "a.txt": strToU8("hi") }))["a.txt"]), strFromU8(gunzipSync(gzipSync(strToU8("x".repeat(1000))))).length, pako.inflate(pako.deflate("hello"), { to: "string" }), LZString.decompressFromBase64(LZString.compressToBase64("hey hey")), Snappy.uncompress(Snappy.compress(strToU8("aaaa"))).length]);
