// npm: react-dom@19.1.0 clsx@2.1.1 classnames@2.5.1 class-variance-authority@0.7.1 tailwind-merge@3.7.1
import { renderToString } from "react-dom/server";
import clsx from "clsx";
import classNames from "classnames";
import { cva } from "class-variance-authority";
import { twMerge } from "tailwind-merge";
const button = cva("b", { variants: { size: { s: "p-1", l: "p-4" } }, defaultVariants: { size: "s" } });
export default () => { const html = renderToString(<b className={clsx("a", { b: 1 })}>x</b>); return new Response(html + classNames("x", ["y"]) + button({ size: "l" }) + twMerge("px-2 p-4")); };
