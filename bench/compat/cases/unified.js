// npm: unified@11.0.5 remark-parse@11.0.0 remark-gfm@4.0.1 remark-rehype@11.1.2 rehype-stringify@10.0.1
import { unified } from "unified";
import remarkParse from "remark-parse";
import remarkGfm from "remark-gfm";
import remarkRehype from "remark-rehype";
import rehypeStringify from "rehype-stringify";
const p = unified().use(remarkParse).use(remarkGfm).use(remarkRehype).use(rehypeStringify);
export default async () => new Response(String(await p.process("# Hi *you*\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n")));
