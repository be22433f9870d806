// npm: jspdf@3.0.4
import { jsPDF } from "jspdf";
export default () => { const d = new jsPDF(); d.setCreationDate(new Date(0)); d.setFileId("0".repeat(32)); d.text("Hello", 10, 10); return new Response(d.output().slice(0, 400)); };
