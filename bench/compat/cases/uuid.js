// npm: uuid@11.1.1
import { v5, validate, version, parse, stringify, v4, v7 } from "uuid";
export default () => Response.json([v5("hello", v5.DNS), validate(v4()), version(v7()), stringify(parse(v5.URL))]);
