// npm: fast-deep-equal@3.1.3 dequal@2.0.3 deepmerge@4.3.1 defu@6.1.7 rfdc@1.4.1 klona@2.0.6 fast-json-patch@3.1.1 safe-stable-stringify@2.5.0 flat@6.0.1 dot-prop@9.0.0 microdiff@1.6.0 jsondiffpatch@0.7.7
import equal from "fast-deep-equal";
import { dequal } from "dequal";
import deepmerge from "deepmerge";
import { defu } from "defu";
import rfdc from "rfdc";
import { klona } from "klona";
import jsonpatch from "fast-json-patch";
import stable from "safe-stable-stringify";
import { flatten } from "flat";
import { getProperty } from "dot-prop";
import microdiff from "microdiff";
import * as jdp from "jsondiffpatch";
export default () => Response.json([equal({ a: [1] }, { a: [1] }), dequal(new Map([[1, 2]]), new Map([[1, 2]])), deepmerge({ a: [1] }, { a: [2] }), defu({ a: 1 }, { b: 2 }), rfdc()({ a: new Date(0) }), klona({ s: new Set([1]) }).s.size, jsonpatch.compare({ a: 1 }, { a: 2 }), stable({ b: 1, a: 2 }), flatten({ a: { b: [1] } }), getProperty({ a: { b: 1 } }, "a.b"), microdiff({ a: 1 }, { a: 2 }), jdp.diff({ a: 1 }, { a: 2 })]);
