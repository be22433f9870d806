// npm: oauth4webapi@3.8.8 arctic@3.7.0 @oslojs/crypto@1.0.1 @oslojs/encoding@1.1.0
import * as oauth from "oauth4webapi";
import { GitHub } from "arctic";
import { sha256 } from "@oslojs/crypto/sha2";
import { encodeHexLowerCase } from "@oslojs/encoding";
export default async () => Response.json([await oauth.calculatePKCECodeChallenge("verifier"), oauth.generateRandomState().length > 20, new GitHub("id", "secret", null).createAuthorizationURL("st", ["user:email"]).toString(), encodeHexLowerCase(sha256(new TextEncoder().encode("x")))]);
