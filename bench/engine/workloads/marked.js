import { marked } from "marked";
let text = "";
for (let i = 0; i < 15; i++) text += `# Title ${i}\n\nSome *text* with **bold**, \`code\`, [link](http://example.com/${i}) and more words to read here.\n\n- one\n- two\n  - three\n\n> quote\n\n\`\`\`js\nlet x = ${i};\n\`\`\`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`;
export default () => marked.parse(text).length;
