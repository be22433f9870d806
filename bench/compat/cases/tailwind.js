// npm: tailwindcss@4.3.5
import { compile } from "tailwindcss";
export default async () => { const c = await compile("@theme { --color-red: red; --spacing: 4px; } @tailwind utilities;"); return new Response(c.build(["p-4", "text-red", "hover:underline"])); };
