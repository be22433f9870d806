// npm: react-router@7.18.7 react@19.1.0 react-dom@19.1.0
// GET /api/a
import React from "react";
import { createStaticHandler, createStaticRouter, StaticRouterProvider } from "react-router";
import { renderToString } from "react-dom/server";
const routes = [{ path: "/api/a", loader: () => ({ n: 1 }), Component: () => React.createElement("h1", null, "A") }];
export default async (req) => { const h = createStaticHandler(routes); const ctx = await h.query(req); return new Response(renderToString(React.createElement(StaticRouterProvider, { router: createStaticRouter(h.dataRoutes, ctx), context: ctx }))); };
