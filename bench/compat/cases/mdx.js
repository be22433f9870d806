// npm: @mdx-js/mdx@3.1.1
import { compile } from "@mdx-js/mdx";
export default async () => new Response(String(await compile("# Hi {1+1}\n\n<B x={2}>*a*</B>")));
