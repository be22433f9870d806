// npm: qrcode@1.5.4
import QRCode from "qrcode";
export default async () => new Response(await QRCode.toString("hello", { type: "svg" }));
