import { main } from "../../src/main.js";
import { fakeIo } from "./fake-io.js";

/** How a command ended, and what it wrote. */
export interface Ran {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs a command in this process. */
export async function run(
	args: readonly string[],
	{ stdin = "", env = {} }: { stdin?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
	const io = fakeIo(stdin, env);
	const code = await main(args, io);
	return { code, ...io.written() };
}
