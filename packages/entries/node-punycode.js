import * as punycode from "punycode/";
export default { ...punycode.default };
