// npm: solid-js@1.9.20
import { renderToString, ssr, escape } from "solid-js/web";
export default () => new Response(renderToString(() => ssr(["<p>", "</p>"], escape("<x>"))));
