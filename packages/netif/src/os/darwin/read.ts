import { COMMAND_TIMEOUT } from "../defaults.js";
import { readFallback } from "../fallback.js";
import { reasonOf } from "../host.js";
import { parseIfconfig } from "../ifconfig.js";
import type { EnumerateOptions, MissingFact, OsDeps, RawSnapshot } from "../types.js";
import { parseHardwarePorts, parseNetstat } from "./parse.js";

/** macOS: `ifconfig`, `netstat -rn`, `networksetup` for the names of ports, `route get` for the default NICs. */
export async function readDarwin(deps: OsDeps, options: EnumerateOptions): Promise<RawSnapshot> {
	const missing: MissingFact[] = [];
	const { timeout = COMMAND_TIMEOUT, signal } = options;
	const run = async (fact: string | null, command: string, ...args: string[]): Promise<string | null> => {
		try {
			return (await deps.run(command, args, { timeout, ...(signal ? { signal } : {}) })).stdout;
		} catch (error) {
			if (signal?.aborted) throw error;
			if (fact !== null) missing.push({ nic: null, fact, reason: reasonOf(error) });
			return null;
		}
	};
	const [ifconfig, netstat, hardware, default4, default6] = await Promise.all([
		run("nics", "/sbin/ifconfig", "-av"),
		run("routes", "/usr/sbin/netstat", "-rn"),
		run("displayName", "/usr/sbin/networksetup", "-listallhardwareports"),
		// Fails if there is no default route, which is an answer and not a missing fact.
		run(null, "/sbin/route", "-n", "get", "-inet", "default"),
		run(null, "/sbin/route", "-n", "get", "-inet6", "default"),
	]);
	if (ifconfig === null) return readFallback(deps, options, missing[0]?.reason ?? "ifconfig failed");

	const ports = parseHardwarePorts(hardware ?? "");
	const routes = parseNetstat(netstat ?? "");
	const nics = parseIfconfig(ifconfig);
	const bridgePorts = new Map(
		nics.flatMap((nic) => bridgeMembers(ifconfig, nic.name).map((port) => [port, nic.name] as const)),
	);
	const named4 = interfaceOf(default4);
	const named6 = interfaceOf(default6);
	return {
		nics: nics.map((nic) => {
			const port = ports.get(nic.name);
			const kind = nic.kindFrom === "os" ? nic.kind : port?.kind;
			return {
				...nic,
				displayName: port?.displayName ?? nic.name,
				...(kind ? { kind, kindFrom: "os" } : {}),
				master: bridgePorts.get(nic.name) ?? null,
				bridgePort: bridgePorts.has(nic.name),
				routes: routes.filter((each) => each.nic === nic.name).map(({ route }) => route),
			};
		}),
		routesKnown: { 4: netstat !== null, 6: netstat !== null },
		missing,
		namedDefaults: { ...(named4 ? { 4: named4 } : {}), ...(named6 ? { 6: named6 } : {}) },
	};
}

/** The `member:` lines of a bridge's block. */
function bridgeMembers(ifconfig: string, bridge: string): string[] {
	const block = ifconfig.split(/\r?\n(?=\S)/).find((each) => each.startsWith(`${bridge}: `)) ?? "";
	return [...block.matchAll(/^\s+member: (\S+)/gm)].map((match) => match[1] ?? "");
}

/** The NIC in the answer of `route -n get`. */
function interfaceOf(answer: string | null): string | undefined {
	return /^\s*interface: (\S+)$/m.exec(answer ?? "")?.[1];
}
