// npm: nanoid@5.1.16
import { nanoid, customAlphabet } from "nanoid";
export default () => Response.json([nanoid().length, /^[ab]{9}$/.test(customAlphabet("ab", 9)())]);
