// What a browser says of values and texts: a line of JSON in, a line of JSON out, until there are no more.
// The folder it is given holds forms-check.js and json-schema.js as the portal serves them.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { tidy, wrong } = await import(pathToFileURL(`${process.argv[2]}/forms-check.js`));

for await (const line of createInterface({ input: process.stdin })) {
  const { asked, tidied } = JSON.parse(line);
  const answer = asked
    ? asked.map(([schema, value]) => wrong(schema, value).map(({ at, keyword }) => [at, keyword]))
    : tidied.map(([format, text]) => tidy(format, text));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
