// npm: react@19.1.0 react-dom@19.1.0
import { Suspense, use } from "react";
import { renderToReadableStream } from "react-dom/server.edge";
const later = (v: string) => new Promise<string>((r) => setTimeout(() => r(v), 5));
const Slow = ({ p }: { p: Promise<string> }) => <b>{use(p)}</b>;
export default async () => { const s = await renderToReadableStream(<html><body><Suspense fallback="..."><Slow p={later("done")} /></Suspense></body></html>); return new Response(s); };
