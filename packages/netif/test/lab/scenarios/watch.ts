import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type InterfaceChange, watchInterfaces } from "../../../src/index.js";

const exec = promisify(execFile);

/** One line for a change. */
function told(change: InterfaceChange): string {
	const { type, nic } = change;
	if (type === "address-added" || type === "address-removed") return `${type} ${nic} ${change.address.ip}`;
	if (type === "default-route") return `${type} ${change.af} ${change.from} ${change.to}`;
	return type === "gateway"
		? `${type} ${nic} ${change.gateways.map(({ ip }) => ip).join()}`
		: `${type} ${nic}`;
}

/**
 * Watches while it does one step after the other, each after the last one's event was told.
 *
 * @returns for every step, what was told
 */
export async function run(input: { readonly steps: readonly (readonly string[])[] }): Promise<string[][]> {
	const seen: string[][] = [];
	const stop = new AbortController();
	const watch = watchInterfaces({ interval: 50, debounce: 50, signal: stop.signal });
	const steps = [...input.steps];
	for (;;) {
		const event = watch.next();
		// The first look has to come before the first step.
		if (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
		const step = steps.shift();
		if (!step) break;
		for (const command of step) await exec("ip", command.split(" "));
		const { value } = await event;
		seen.push(value?.changes.map(told) ?? []);
	}
	stop.abort();
	return seen;
}
