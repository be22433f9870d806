// npm: pdf-lib@1.17.1
import { PDFDocument, StandardFonts } from "pdf-lib";
export default async () => {
	const doc = await PDFDocument.create({ updateMetadata: false });
	const font = await doc.embedFont(StandardFonts.Helvetica);
	doc.addPage([200, 100]).drawText("hello", { x: 10, y: 50, size: 12, font });
	return new Response((await doc.saveAsBase64()).slice(0, 40));
};
