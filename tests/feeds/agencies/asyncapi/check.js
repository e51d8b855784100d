// Reads an AsyncAPI document from stdin; prints what the parser has against it, one line each. Exit 1 on an error.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(0, "utf8"));
for (const each of diagnostics) {
  console.log(`${each.severity === 0 ? "error" : "note"} ${each.path.join("/")}: ${each.message}`);
}
process.exit(document && diagnostics.every((each) => each.severity !== 0) ? 0 : 1);
