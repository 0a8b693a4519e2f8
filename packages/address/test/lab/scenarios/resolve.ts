import { readFile } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { Address, AddressError, type AddressOptions } from "../../../src/index.js";

/** One `res()` to run. */
export interface ResolveCase {
	readonly host: string;
	readonly options?: AddressOptions;
	/** Aborts the lookup when its process is at work. */
	readonly abort?: boolean;
}

/** What came of it, as JSON can carry it. */
export interface ResolveResult {
	readonly ips?: readonly string[];
	readonly way?: string;
	readonly families?: readonly [string, string];
	readonly attempts?: readonly string[];
	readonly nat64?: string;
	readonly error?: { readonly code: string | null; readonly message: string; readonly detail: string | null };
}

/** Runs each case, one after the other. At the end no process of ours is left; this waits until that is so. */
export async function run(cases: readonly ResolveCase[]): Promise<readonly ResolveResult[]> {
	const results: ResolveResult[] = [];
	for (const one of cases) {
		results.push(await resolveOne(one));
		// A lookup that was given up must not live on: its getaddrinfo would, for as long as the resolver says.
		if (one.abort) await untilChildren((count) => count === 0);
	}
	return results;
}

async function resolveOne({ host, options, abort = false }: ResolveCase): Promise<ResolveResult> {
	const controller = new AbortController();
	try {
		const pending = new Address(host, 80, options).res(null, { signal: controller.signal });
		if (abort) {
			const aborted = untilChildren((count) => count > 0).then(() => controller.abort(new Error("given up")));
			await Promise.all([pending, aborted]);
		}
		const { resolution, endpoints } = await pending.then((address) => ({
			resolution: address.resolution,
			endpoints: address.endpoints(),
		}));
		return {
			ips: endpoints.map(({ ip }) => ip),
			way: resolution.way,
			families: [resolution.families[4].status, resolution.families[6].status],
			attempts: resolution.attempts.map(
				({ server, transport, af, outcome }) => `${af} ${server} ${transport} ${outcome}`,
			),
			nat64: resolution.nat64.status,
		};
	} catch (error) {
		if (!(error instanceof Error)) throw error;
		return {
			error: {
				code: error instanceof AddressError ? error.code : null,
				message: error.message,
				detail: "detail" in error ? String(error.detail) : null,
			},
		};
	}
}

/** Waits until the number of child processes is as wanted. The laboratory's own time limit bounds it. */
async function untilChildren(wanted: (count: number) => boolean): Promise<void> {
	for (;;) {
		const text = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
		if (wanted(text.split(" ").filter((pid) => pid !== "").length)) return;
		await turn();
	}
}
