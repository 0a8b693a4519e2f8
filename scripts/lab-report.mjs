/*
 * Says in a line or two whether the laboratory's tests can run on this machine, and if not, why and what to install.
 * Run through tsx, since it asks the laboratory itself.
 */
import { labAvailability } from "../packages/testnet/src/lab/availability.ts";

const availability = labAvailability();
if (availability.ok) {
	console.log(`laboratory: its tests ran (namespaces as ${availability.privileges})`);
} else {
	console.log("laboratory: the tests named *lab* were SKIPPED");
	console.log(`  why: ${availability.reason}`);
	console.log(`  to run them: ${availability.install}`);
}
