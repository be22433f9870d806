// npm: react@19.1.0 react-dom@19.1.0
import { useState } from "react";
import { renderToString } from "react-dom/server";
const Counter = () => { const [n] = useState(3); return <p className="n">{n} & more</p>; };
export default () => new Response(renderToString(<Counter />));
