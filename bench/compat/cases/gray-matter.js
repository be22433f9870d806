// npm: gray-matter@4.0.3
import matter from "gray-matter";
export default () => Response.json(matter("---\ntitle: Hi\ntags: [a, b]\n---\n# Text").data);
