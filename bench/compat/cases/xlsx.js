// npm: xlsx@0.18.5
import * as XLSX from "xlsx";
export default () => { const wb = XLSX.utils.book_new(); XLSX.utils.book_append_sheet(wb, XLSX.utils.aoa_to_sheet([["a", "b"], [1, 2]]), "S"); const out = XLSX.write(wb, { type: "array", bookType: "xlsx" }); return Response.json(XLSX.utils.sheet_to_json(XLSX.read(out).Sheets.S)); };
