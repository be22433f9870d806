export * as default from "zod";
