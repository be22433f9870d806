// Builds a link preview from the head of its page.

export interface Preview {
  url: string;
  title: string;
  description: string;
  image: string;
}

export async function preview(link: string): Promise<Preview> {
  const r = await fetch(link, { headers: { Accept: "text/html" } });
  const type = r.headers.get("content-type") ?? "";
  if (!r.ok || !type.startsWith("text/html")) {
    await r.body?.cancel();
    return { url: r.url, title: "", description: "", image: "" };
  }
  const html = await r.text(), head = html.slice(0, 64 * 1024);
  const meta = metas(head);
  const image = meta.get("og:image") ?? "";
  return {
    url: r.url,
    title: meta.get("og:title") ?? plain(/<title[^>]*>([^<]*)/i.exec(head)?.[1] ?? ""),
    description: meta.get("og:description") ?? meta.get("description") ?? "",
    image: URL.canParse(image, r.url) ? new URL(image, r.url).href : "",
  };
}

function metas(head: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [tag] of head.matchAll(/<meta\s[^>]*>/gi)) {
    const name = attribute(tag, "property") ?? attribute(tag, "name"), content = attribute(tag, "content");
    if (name !== undefined && content !== undefined && !found.has(name)) found.set(name, plain(content));
  }
  return found;
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i").exec(tag);
  return found?.[1] ?? found?.[2];
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

function plain(text: string): string {
  return text
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
      const code = decimal ? Number(decimal) : hex ? parseInt(hex, 16) : -1;
      return code >= 0 ? (code <= 0x10ffff ? String.fromCodePoint(code) : whole) : (entities[name] ?? whole);
    })
    .replace(/\s+/g, " ")
    .trim();
}
