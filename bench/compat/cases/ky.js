// npm: ky@1.14.3 ofetch@1.5.1 redaxios@0.5.1 wretch@2.11.1
import ky from "ky";
import { ofetch } from "ofetch";
import redaxios from "redaxios";
import wretch from "wretch";
const url = "data:application/json,{%22a%22:1}";
export default async () => Response.json([typeof ky.get, await ofetch(url), typeof redaxios.get, await wretch(url).get().json()]);
