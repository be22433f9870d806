// npm: prosemirror-model@1.25.13 prosemirror-schema-basic@1.2.5 prosemirror-state@1.4.4 slate@0.117.2 quill-delta@5.1.0
import { Node } from "prosemirror-model";
import { schema } from "prosemirror-schema-basic";
import { EditorState } from "prosemirror-state";
import Delta from "quill-delta";
import { createEditor, Transforms, Editor } from "slate";
export default () => { const s = EditorState.create({ schema }); const e = createEditor(); e.children = [{ type: "p", children: [{ text: "a" }] }]; Transforms.insertText(e, "b", { at: { path: [0, 0], offset: 1 } }); return Response.json([s.apply(s.tr.insertText("hi")).doc.toJSON(), new Delta().insert("a").concat(new Delta().insert("b", { bold: true })), e.children]); };
