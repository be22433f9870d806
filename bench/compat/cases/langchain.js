// npm: @langchain/core@0.3.80
import { PromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { AIMessage } from "@langchain/core/messages";
export default async () => Response.json(await PromptTemplate.fromTemplate("hi {n}").pipe(RunnableLambda.from((p) => new AIMessage(p.toString() + "!"))).pipe(new StringOutputParser()).invoke({ n: "Ada" }));
