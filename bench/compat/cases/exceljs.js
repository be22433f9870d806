// npm: exceljs@4.4.0
import ExcelJS from "exceljs";
export default async () => { const wb = new ExcelJS.Workbook(); const s = wb.addWorksheet("S"); s.addRow(["a", 1]); s.getCell("B2").value = { formula: "B1*2", result: 2 }; const b = await wb.xlsx.writeBuffer(); const w = new ExcelJS.Workbook(); await w.xlsx.load(b); return Response.json(w.getWorksheet("S").getSheetValues()); };
