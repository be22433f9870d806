// npm: @codemirror/state@6.7.6 @lezer/javascript@1.5.6 moo@0.5.3 chevrotain@11.2.0
import { parser } from "@lezer/javascript";
import { EditorState } from "@codemirror/state";
import moo from "moo";
import { createToken, Lexer } from "chevrotain";
export default () => { const kinds = []; parser.parse("let a = 1").iterate({ enter: (n) => { kinds.push(n.name); } }); const s = EditorState.create({ doc: "abc" }); const l = moo.compile({ num: /[0-9]+/, ws: / +/ }); l.reset("12 3"); return Response.json([kinds, s.update({ changes: { from: 1, insert: "X" } }).state.doc.toString(), [...l].map((t) => t.type), new Lexer([createToken({ name: "A", pattern: /a+/ })]).tokenize("aaa").tokens.length]); };
