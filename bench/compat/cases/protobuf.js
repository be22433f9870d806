// npm: protobufjs@7.6.6 @bufbuild/protobuf@2.17.0
import protobuf from "protobufjs";
import { BinaryWriter, BinaryReader } from "@bufbuild/protobuf/wire";
const root = protobuf.parse("syntax=\"proto3\"; message M { string a = 1; repeated int32 b = 2; map<string,bool> c = 3; }").root;
export default () => { const M = root.lookupType("M"); const b = M.encode({ a: "x", b: [1, -2], c: { k: true } }).finish(); const w = new BinaryWriter().tag(1, 0).int32(150).finish(); return Response.json([[...b], M.toObject(M.decode(b)), [...w]]); };
