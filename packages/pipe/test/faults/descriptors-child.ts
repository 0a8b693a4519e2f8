import { open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeOpen, TCP } from "../../src/index.js";

/*
 * A server in a process with few descriptors: prints its port, and then, for each line of stdin (a port to connect to),
 * what it has and what it can still do.
 */

const errors: unknown[] = [];
const maxConnections = process.argv[2] === undefined ? {} : { maxConnections: Number(process.argv[2]) };
const server = await pipeOpen(null, TCP, null, {
	...maxConnections,
	onConnect: () => undefined,
	onError: (error) => errors.push((error as { code?: string }).code ?? String(error)),
});
process.stdout.write(`${server.local[1]}\n`);
for await (const line of createInterface(process.stdin)) {
	const report: Record<string, unknown> = { accepted: server.pipes.size, refused: server.stats.refused };
	try {
		await (await open("/dev/null")).close();
		report["opens"] = true;
	} catch (error) {
		report["opens"] = (error as { code?: string }).code;
	}
	try {
		await (await pipeOpen(null, TCP, ["127.0.0.1", Number(line)])).close();
		report["connects"] = true;
	} catch (error) {
		report["connects"] = (error as { code?: string }).code;
	}
	process.stdout.write(`${JSON.stringify({ ...report, errors: [...new Set(errors)] })}\n`);
}
await server.close();
