/*
 * The child's side of `lab.run`: imports the module named by the first argument, calls its export `run` with
 * the JSON from standard input, and writes what comes of it as JSON to descriptor 3. It imports nothing of
 * the laboratory, and it ends its process: a scenario's open socket must not hold the test up.
 */
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";

function described(error: unknown): Record<string, unknown> {
	if (!(error instanceof Error)) return { name: "Error", message: String(error) };
	const { code } = error as NodeJS.ErrnoException;
	return {
		name: error.name,
		message: error.message,
		...(code === undefined ? {} : { code: String(code) }),
		...(error.stack === undefined ? {} : { stack: error.stack }),
	};
}

async function scenario(): Promise<unknown> {
	const [url] = process.argv.slice(2);
	if (url === undefined) throw new TypeError("no module given");
	const input: unknown = JSON.parse(await text(process.stdin));
	const module = (await import(url)) as { run?: (input: unknown) => unknown };
	if (typeof module.run !== "function") throw new TypeError(`${url} exports no function "run"`);
	return await module.run(input);
}

function report(outcome: object): void {
	const bytes = Buffer.from(JSON.stringify(outcome));
	for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}

try {
	const value = await scenario();
	report({ value: value ?? null });
	process.exit(0);
} catch (error) {
	report({ error: described(error) });
	process.exit(1);
}
