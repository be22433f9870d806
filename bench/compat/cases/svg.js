// npm: qrcode-generator@1.5.2 svgo@4.1.0 @dicebear/core@9.4.3 @dicebear/initials@9.4.3 jdenticon@3.3.0
import qrcode from "qrcode-generator";
import { optimize } from "svgo/browser";
import { createAvatar } from "@dicebear/core";
import * as initials from "@dicebear/initials";
import jdenticon from "jdenticon/standalone";
export default () => { const q = qrcode(0, "L"); q.addData("hi"); q.make(); return Response.json([q.createSvgTag(), optimize("<svg xmlns='http://www.w3.org/2000/svg'><g><path d='M0 0 L10 10'/></g></svg>").data, createAvatar(initials, { seed: "Ada" }).toString().length, jdenticon.toSvg("x", 32).length]); };
