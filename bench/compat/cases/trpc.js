// npm: @trpc/server@11.25.2 zod@3.25.76
// GET /api/trpc/hi?input=%22ada%22
// GET /api/trpc/hi?input=3
import { initTRPC } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { z } from "zod";
const t = initTRPC.create();
const router = t.router({ hi: t.procedure.input(z.string()).query(({ input }) => `hi ${input}`) });
export default (req) => fetchRequestHandler({ endpoint: "/api/trpc", req, router, createContext: () => ({}) });
