import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";

const folder = new URL("../../schemas/", import.meta.url);
// Type unions say what may be null.
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
for (const name of readdirSync(folder)) {
	ajv.addSchema(JSON.parse(readFileSync(new URL(name, folder), "utf8")));
}

/** Reads a command's JSON and fails unless it is what the schema of that name says. */
export function checked(name: string, text: string): Record<string, unknown> {
	const value = JSON.parse(text) as Record<string, unknown>;
	const validate = ajv.getSchema(`${name}.json`);
	if (validate === undefined) throw new Error(`there is no schema ${name}`);
	validate(value);
	expect(validate.errors ?? [], name).toEqual([]);
	return value;
}
