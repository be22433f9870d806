/** @jsxImportSource preact */
// npm: preact@10.26.9 preact-render-to-string@6.5.13
import { render } from "preact-render-to-string";
const List = ({ items }: { items: string[] }) => <ul>{items.map((i) => <li key={i}>{i}</li>)}</ul>;
export default () => new Response(render(<List items={["a", "<b>"]} />));
