// npm: fast-xml-parser@5.12.1 xml2js@0.6.2 @xmldom/xmldom@0.9.12 xpath@0.0.34 xmlbuilder2@3.1.1
import { XMLParser, XMLBuilder } from "fast-xml-parser";
import xml2js from "xml2js";
import { DOMParser, XMLSerializer } from "@xmldom/xmldom";
import xpath from "xpath";
import { create } from "xmlbuilder2";
const x = "<a b='1'><c>x</c><c>y</c></a>";
export default async () => Response.json([new XMLParser({ ignoreAttributes: false }).parse(x), new XMLBuilder().build({ a: { c: [1, 2] } }), await xml2js.parseStringPromise(x), new XMLSerializer().serializeToString(new DOMParser().parseFromString(x, "text/xml")), xpath.select("//c", new DOMParser().parseFromString(x, "text/xml")).length, create({ r: { "@a": "1" } }).end()]);
