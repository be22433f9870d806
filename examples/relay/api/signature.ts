// Webhooks as GitHub and others sign them: "sha256=" and the HMAC of the body, in hexadecimal.

export async function signed(body: string, signature: string | null, key: string): Promise<boolean> {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(signature ?? "")?.[1];
  if (hex === undefined) return false;
  const sent = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(key), hmac, false, ["verify"]);
  return crypto.subtle.verify(hmac, secret, sent, new TextEncoder().encode(body)); // constant time
}
