// npm: rss@1.2.2 feed@5.2.1
import { Feed } from "feed";
import RSS from "rss";
const f = new Feed({ title: "T", id: "x", link: "http://x", copyright: "c", updated: new Date(0) });
f.addItem({ title: "a", id: "1", link: "http://x/1", date: new Date(0) });
const r = new RSS({ title: "T", feed_url: "http://x/f", site_url: "http://x", pubDate: new Date(0) });
export default () => new Response(f.rss2() + f.atom1() + f.json1() + r.xml().replace(/<lastBuildDate>.*?<\/lastBuildDate>/, ""));
