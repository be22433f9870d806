// npm: node-forge@1.4.3
import forge from "node-forge";
export default () => { const md = forge.md.sha256.create(); md.update("x"); return Response.json([md.digest().toHex(), forge.util.encode64("hi"), forge.pki.oids.commonName]); };
