import { cleanMac } from "./address-text.js";
import { COMMAND_TIMEOUT, PROBE_DESTINATIONS } from "./defaults.js";
import { fromHostAddress, readHostAddresses, reasonOf } from "./host.js";
import { parseIfconfig } from "./ifconfig.js";
import { kindByName } from "./kind-by-name.js";
import type { EnumerateOptions, MissingFact, NicAddress, OsDeps, RawNic, RawSnapshot } from "./types.js";

/**
 * Reads what is left where the OS refuses its tables (Android, sandboxes) or has no reader of its own:
 * `os.networkInterfaces()`, or the output of `ifconfig` if that is refused too. Routes stay unknown.
 *
 * @param reason why the usual reader failed
 */
export async function readFallback(
	deps: OsDeps,
	options: EnumerateOptions,
	reason: string,
): Promise<RawSnapshot> {
	const missing: MissingFact[] = [
		{ nic: null, fact: "routes", reason },
		{ nic: null, fact: "index, mtu, master", reason },
		{ nic: null, fact: "nics", reason: "only NICs that are up and have an address are listed" },
	];
	const routesKnown = { 4: false, 6: false } as const;
	const host = readHostAddresses(deps);
	if (host.ok) {
		const nics = [...host.byName].map(([name, list]) => {
			const addresses = list
				// Windows takes the index as a zone where the others take the name.
				.map((each) => fromHostAddress(each, deps.platform === "win32" ? `${each.scopeid ?? name}` : name))
				.filter((address): address is NicAddress => address !== null);
			return listedNic(name, addresses, cleanMac(list[0]?.mac ?? ""), list[0]?.internal === true);
		});
		return { nics, routesKnown, missing };
	}
	missing.push({ nic: null, fact: "addresses", reason: `os.networkInterfaces(): ${host.reason}` });
	try {
		// Windows has no such command, and would look for it in the current folder first.
		if (deps.platform === "win32") return { nics: await nicsOfSources(deps), routesKnown, missing };
		const { timeout = COMMAND_TIMEOUT, signal } = options;
		const { stdout } = await deps.run("ifconfig", [], { timeout, ...(signal ? { signal } : {}) });
		// Linux's ifconfig reads IPv6 from /proc, which was refused; that of the BSDs asks the kernel for both families.
		const known6 = deps.platform !== "android" && deps.platform !== "linux";
		if (!known6) missing.push({ nic: null, fact: "addresses", reason: `IPv6: ${reason}` });
		const nics = parseIfconfig(stdout).map((nic) => ({ ...nic, addressesKnown: { 4: true, 6: known6 } }));
		return { nics, routesKnown, missing };
	} catch (error) {
		if (options.signal?.aborted) throw error;
		missing.push({ nic: null, fact: "nics", reason: reasonOf(error) });
		return { nics: await nicsOfSources(deps), routesKnown, missing };
	}
}

/** The last resort: the kernel's source addresses, on a NIC called `default` because nothing else is known about it. */
async function nicsOfSources(deps: OsDeps): Promise<RawNic[]> {
	const answers = await Promise.all(
		[PROBE_DESTINATIONS[4][0], PROBE_DESTINATIONS[6][0]].map((probe) => deps.sourceAddress(probe)),
	);
	const addresses = answers
		.map((answer) =>
			answer.ip === null
				? null
				: fromHostAddress(
						{ address: answer.ip, family: "", mac: "", internal: false, cidr: null },
						"default",
					),
		)
		.filter((address): address is NicAddress => address !== null);
	return addresses.length === 0 ? [] : [listedNic("default", addresses, null, false)];
}

function listedNic(
	name: string,
	addresses: readonly NicAddress[],
	mac: string | null,
	internal: boolean,
): RawNic {
	return {
		index: null,
		name,
		displayName: name,
		kind: internal ? "loopback" : kindByName(name),
		kindFrom: internal ? "os" : "name",
		up: true,
		running: true,
		mtu: null,
		mac,
		master: null,
		bridgePort: false,
		addresses,
		addressesKnown: { 4: true, 6: true },
		routes: [],
		reversePathFilter: null,
	};
}
