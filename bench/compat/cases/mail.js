// npm: mimetext@3.0.28 postal-mime@2.7.6
import PostalMime from "postal-mime";
import { createMimeMessage } from "mimetext/browser";
export default async () => { const m = await PostalMime.parse("From: Ada <a@b.co>\r\nSubject: =?utf-8?Q?H=C3=A9?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n--x--\r\n"); const t = createMimeMessage(); t.setSender("a@b.co"); t.setRecipient("c@d.co"); t.setSubject("é"); t.addMessage({ contentType: "text/plain", data: "x" }); return Response.json([m.subject, m.from, m.text, m.attachments.length, /Subject: =\?utf-8\?B\?/.test(t.asRaw())]); };
