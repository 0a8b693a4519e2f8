import { COMMAND_TIMEOUT } from "./defaults.js";
import { fromHostAddress, readHostAddresses, reasonOf } from "./host-addresses.js";
import { parseIfconfig } from "./ifconfig.js";
import { cleanMac } from "./ip-text.js";
import { kindByName } from "./kind-by-name.js";
import type { EnumerateOptions, MissingFact, NicAddress, OsDeps, RawNic, RawSnapshot } from "./types.js";

/**
 * What can be learned where the OS refuses its tables (Android, sandboxes) or is not one of ours:
 * `os.networkInterfaces()`, or, if that is refused too, what `ifconfig` prints. Routes stay unknown.
 *
 * @param reason why the usual way did not do
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
		const { timeout = COMMAND_TIMEOUT, signal } = options;
		const { stdout } = await deps.run("ifconfig", [], { timeout, ...(signal ? { signal } : {}) });
		// Linux's ifconfig takes IPv6 from /proc, which was refused; the BSDs' has both families from the kernel.
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

/**
 * The last resort: the addresses from which the kernel would send, on a NIC without a name. It can be used by its
 * address, and is called `default` because that is all that is known of it.
 */
async function nicsOfSources(deps: OsDeps): Promise<RawNic[]> {
	const answers = await Promise.all(["198.51.100.1", "3000::1"].map((probe) => deps.sourceAddress(probe)));
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
