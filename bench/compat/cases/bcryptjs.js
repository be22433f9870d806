// npm: bcryptjs@3.0.2
import bcrypt from "bcryptjs";
const salt = "$2b$04$abcdefghijklmnopqrstuu";
export default () => Response.json([bcrypt.hashSync("pw", salt), bcrypt.compareSync("pw", bcrypt.hashSync("pw", salt)), bcrypt.genSaltSync(4).length]);
