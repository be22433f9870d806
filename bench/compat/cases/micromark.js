// npm: micromark@4.0.3 micromark-extension-gfm@3.0.0 mdast-util-from-markdown@2.1.0 showdown@2.1.0 snarkdown@2.0.0
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { fromMarkdown } from "mdast-util-from-markdown";
import showdown from "showdown";
import snarkdown from "snarkdown";
export default () => Response.json([micromark("~a~ https://x.y\n\n- [x] t", { extensions: [gfm()], htmlExtensions: [gfmHtml()] }), fromMarkdown("*a*").children[0].type, new showdown.Converter().makeHtml("# x"), snarkdown("**b**")]);
