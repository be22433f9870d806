// npm: ajv@8.20.0 ajv-formats@3.0.1
import Ajv from "ajv";
import addFormats from "ajv-formats/dist/index.js";
import standalone from "ajv/dist/standalone/index.js";
export default () => { try { const ajv = addFormats(new Ajv({ allErrors: true })); const f = ajv.compile({ type: "object", properties: { d: { type: "string", format: "date" } }, required: ["d"] }); return Response.json([f({ d: "2020-02-30" }), f.errors, typeof standalone]); } catch (e) { return new Response(e.message); } };
