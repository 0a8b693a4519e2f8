import { enumerateInterfaces, listInterfaceNames } from "../../../src/os.js";
import { usableOf } from "../../../src/usable.js";

/** What this namespace's NICs look like. */
export async function run() {
	const snapshot = await enumerateInterfaces();
	return { names: listInterfaceNames(), snapshot, usable: usableOf(snapshot.nics).map(({ name }) => name) };
}
