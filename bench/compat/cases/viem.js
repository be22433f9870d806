// npm: viem@2.31.3
import { encodeFunctionData, parseEther, keccak256, toHex } from "viem";
const abi = [{ type: "function", name: "transfer", inputs: [{ name: "to", type: "address" }, { name: "n", type: "uint256" }], outputs: [] }];
export default () => Response.json([encodeFunctionData({ abi, functionName: "transfer", args: ["0x000000000000000000000000000000000000dEaD", parseEther("1")] }), keccak256(toHex("x"))]);
