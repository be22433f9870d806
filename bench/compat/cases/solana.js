// npm: @solana/web3.js@1.99.0 bip39@3.1.2 @scure/bip32@1.7.0
import { PublicKey, Keypair } from "@solana/web3.js";
import * as bip39 from "bip39";
import { HDKey } from "@scure/bip32";
export default () => { const seed = bip39.mnemonicToSeedSync("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"); return Response.json([seed.toString("hex").slice(0, 32), HDKey.fromMasterSeed(seed).derive("m/44'/0'/0'").publicExtendedKey, Keypair.fromSeed(new Uint8Array(32).fill(1)).publicKey.toBase58(), PublicKey.default.toBase58()]); };
