// npm: ethers@6.17.0
import { ethers } from "ethers";
export default () => Response.json([ethers.keccak256(ethers.toUtf8Bytes("x")), ethers.parseEther("1.5").toString(), new ethers.Interface(["function f(uint256 a)"]).encodeFunctionData("f", [5]), new ethers.Wallet("0x" + "01".repeat(32)).address, ethers.getAddress("0x52908400098527886e0f7030069857d2e4169ee7")]);
