// npm: radash@12.1.1
import { group, retry, parallel, title } from "radash";
export default async () => Response.json([group([1, 2, 3], (n) => (n % 2 ? "odd" : "even")), await retry({ times: 2 }, async () => 4), await parallel(2, [1, 2, 3], async (n) => n * 2), title("hello_there")]);
