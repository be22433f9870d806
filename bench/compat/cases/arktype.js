// npm: arktype@2.2.10
import { type } from "arktype";
const User = type({ name: "string>2", "age?": "number.integer" });
export default () => Response.json([User({ name: "Ada", age: 3 }), String(User({ name: "x" }))]);
