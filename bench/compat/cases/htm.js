// npm: htm@3.1.1 vhtml@2.2.0
import htm from "htm";
import vhtml from "vhtml";
const html = htm.bind(vhtml);
export default () => new Response(html`<ul>${["a", "<"].map((x) => html`<li class=x>${x}</li>`)}</ul>`);
