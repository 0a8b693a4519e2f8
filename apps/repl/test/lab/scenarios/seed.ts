import { type SeedOptions, seedProgram } from "../../../src/demo/seed-program.js";

/** Runs the first program in the laboratory and gives what it found as JSON. */
export async function run(options: SeedOptions): Promise<unknown> {
	const { nic, answer, ...rest } = await seedProgram(options);
	const found = { ...rest, answer: answer?.toString("latin1") ?? null, nic: nic.toJSON() };
	nic.close();
	return found;
}
