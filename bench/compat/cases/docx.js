// npm: docx@9.15.2 html-to-text@9.0.5 ics@3.12.0
import { convert } from "html-to-text";
import { createEvent } from "ics";
import { Document, Packer, Paragraph } from "docx";
import JSZip from "jszip";
export default async () => { const b = await Packer.toBase64String(new Document({ sections: [{ children: [new Paragraph("Hi")] }] })); const z = await JSZip.loadAsync(b, { base64: true }); return Response.json([convert("<h1>A</h1><p>b <a href='/c'>d</a></p>"), createEvent({ start: [2020, 1, 1, 0, 0], duration: { hours: 1 }, title: "x", uid: "u" }).value.replace(/DTSTAMP:.*/, ""), (await z.file("word/document.xml").async("string")).includes("Hi")]); };
