import { initP2pd, listInterfaces } from "../../../src/index.js";
import { listInterfaceNames } from "../../../src/os.js";

/** What this namespace's NICs look like. */
export async function run() {
	const netifaces = await initP2pd();
	const usable = await listInterfaces({ netifaces });
	return {
		names: listInterfaceNames(),
		snapshot: netifaces.snapshot,
		usable: usable.map(({ name }) => name),
	};
}
