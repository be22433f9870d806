// npm: lucide-react@0.525.0 react@19.1.0 react-dom@19.1.0
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { Camera } from "lucide-react";
export default () => new Response(renderToString(createElement(Camera, { size: 16 })));
