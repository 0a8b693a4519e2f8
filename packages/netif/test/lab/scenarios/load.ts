import { loadInterfaces } from "../../../src/index.js";

/** Loads the NICs of use, or the named ones, and gives their dictionaries with what the routes print. */
export async function run(input: {
	readonly stunServers: readonly string[];
	readonly names?: readonly string[];
	readonly nat?: boolean;
	readonly timeout?: number;
}) {
	const startedAt = performance.now();
	const loaded = await loadInterfaces(input);
	const elapsed = performance.now() - startedAt;
	return {
		elapsed,
		nics: loaded.map((nic) => ({
			json: nic.toJSON(),
			supported: nic.supported(),
			routes: { 4: nic.routes(4).routes.map(String), 6: nic.routes(6).routes.map(String) },
			reasons: nic.reasons,
		})),
	};
}
