// Reads JSON lines {schema, value} and answers each with the list of what Discord's API description refuses of it.
import * as readline from "node:readline";
import * as schemas from "discord-api-spec/zod";

// In two places the schemas are narrower than what they were made from, and than what Discord takes: of RFC 3339 they
// know only the `Z`, and an attachment's id is a number in the documentation's own example.
const asDescribed = (key, value) => {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$/.test(value)) return value.replace("+00:00", "Z");
  if (key !== "attachments" || !Array.isArray(value)) return value;
  return value.map((each) => (Number.isInteger(each.id) ? { ...each, id: String(each.id) } : each));
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { schema, value } = JSON.parse(line, asDescribed);
  const judge = schemas[`${schema}Schema`];
  const found = judge === undefined ? { error: { issues: [{ path: [], message: `no schema ${schema}` }] } } : judge.safeParse(value);
  const issues = found.error?.issues ?? [];
  process.stdout.write(JSON.stringify(issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`)) + "\n");
}
