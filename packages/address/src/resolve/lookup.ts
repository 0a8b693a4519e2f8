import { join } from "node:path";
import { type Clock, FAMILIES, type Family, type NicRef, type RandomBytes } from "@p2pd/net";
import { type DnsServer, parseServers, type QueryContext, queryServers } from "../dns/client.js";
import { type FamilyOutcome, type FamilyOutcomes, gather } from "../dns/gather.js";
import { readSystemFile } from "../dns/nic-servers.js";
import { type AskFamily, askBothFamilies } from "../dns/system.js";
import { AddressDnsError, AddressError, AddressNoDnsError, AddressNotFoundError } from "../errors.js";
import { IpAddress } from "../ip/ip-address.js";
import { isIp } from "../ip/text.js";
import { isLocalhost } from "../target/host.js";
import { LOOPBACKS } from "./placement.js";
import type {
	DnsAttempt,
	FamilyReport,
	NicServers,
	Resolution,
	ResolverSockets,
	SystemLookup,
} from "./types.js";

/*
 * From a name to its addresses. Which way a name leaves this machine:
 *
 *   servers in the options        those, through the sockets
 *   no NIC, or the default NIC    the system's resolver
 *   another NIC                   localhost and the hosts file here; else DNS servers of that NIC, through the sockets
 *
 * A name for another NIC never goes to the system's resolver, which asks through a NIC of its own choice.
 */

/** What looking up names takes. */
export interface LookupContext {
	/** null: as the sockets' NIC decides. */
	readonly servers: readonly DnsServer[] | null;
	readonly sockets: ResolverSockets | null;
	readonly systemLookup: SystemLookup;
	readonly nicServers: NicServers;
	readonly hostsFile: () => Promise<string>;
	readonly serverSockets: (af: Family) => ResolverSockets;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Each exchange with a DNS server is added when it ends. */
	readonly attempts: DnsAttempt[];
}

/** A host to look up. Times in ms. */
export interface LookupRequest {
	readonly host: string;
	/** The host, if it is an IP. */
	readonly literal: IpAddress | null;
	/** The families wanted. */
	readonly families: readonly Family[];
	readonly timeout: number;
	readonly grace: number;
	readonly signal: AbortSignal | undefined;
}

/** The addresses of a host, and how they were found. */
export interface FoundNames {
	readonly way: Resolution["way"];
	readonly families: Resolution["families"];
	readonly addresses: readonly IpAddress[];
}

/** Finds the addresses of a host. Rejects as `Address.res` does. */
export async function findNames(request: LookupRequest, context: LookupContext): Promise<FoundNames> {
	const { host, literal, families } = request;
	if (literal) return known("literal", [literal], families);
	const nic = otherNic(context);
	if (isLocalhost(host) && (context.servers || nic)) return known("localhost", LOOPBACKS, families);
	if (nic) {
		const inFile = addressesInHosts(await context.hostsFile(), host);
		if (inFile.length > 0) return known("hosts", inFile, families);
	}
	const outcomes = await gather(askerFor(host, families, context), { ...request, clock: context.clock });
	const addresses = FAMILIES.flatMap((af) => addressesOf(outcomes[af]));
	if (addresses.length === 0) throw failureOf(host, outcomes);
	return {
		way: context.servers ? "servers" : nic ? "nic" : "system",
		families: { 4: reportOf(outcomes[4]), 6: reportOf(outcomes[6]) },
		addresses: addresses.map((ip) => IpAddress.parse(ip)),
	};
}

/** Asks for a name's addresses in the way that the context says. */
export function askerFor(host: string, families: readonly Family[], context: LookupContext): AskFamily {
	const { sockets, serverSockets, systemLookup, nicServers, clock, servers } = context;
	const nic = otherNic(context);
	if (servers === null && nic === null) {
		if (families.length > 1) return askBothFamilies(host, systemLookup, clock);
		return (af, signal) => systemLookup(host, af, signal);
	}
	const socketsFor = (af: Family): ResolverSockets | undefined => {
		if (sockets === null) return serverSockets(af);
		return sockets.af === af ? sockets : undefined;
	};
	const queries: QueryContext = { ...context, socketsFor };
	let found: Promise<readonly DnsServer[]> | undefined;
	const serversOf = async (via: NicRef, af: Family, signal: AbortSignal): Promise<readonly DnsServer[]> => {
		const texts = await nicServers(via, af, signal);
		if (texts.length === 0) throw new AddressNoDnsError(host, via.name, af);
		return parseServers(texts);
	};
	return async (af, signal) => {
		if (servers === null && nic !== null && sockets !== null) found ??= serversOf(nic, sockets.af, signal);
		return queryServers(host, af, servers ?? (await found) ?? [], queries, signal);
	};
}

/** The NIC through which names must leave, unless the system's resolver may be asked. */
function otherNic({ sockets, servers }: LookupContext): NicRef | null {
	const nic = sockets?.nic ?? null;
	return servers !== null || nic === null || sockets === null || nic.isDefault(sockets.af) ? null : nic;
}

/** The text of this machine's hosts file; empty if it has none. */
export async function readHostsFile(): Promise<string> {
	const windows = join(process.env["SystemRoot"] ?? "C:\\Windows", "System32", "drivers", "etc", "hosts");
	return (await readSystemFile(process.platform === "win32" ? windows : "/etc/hosts")) ?? "";
}

/** The addresses that a hosts file has for a name, in its order. */
function addressesInHosts(text: string, host: string): readonly IpAddress[] {
	const wanted = plain(host);
	return text.split("\n").flatMap((line) => {
		const [ip = "", ...names] = (line.split("#")[0] ?? "").trim().split(/\s+/);
		return isIp(ip) && names.some((name) => plain(name) === wanted) ? [IpAddress.parse(ip)] : [];
	});
}

/** A name as names are compared: RFC 1035 section 2.3.3. */
function plain(name: string): string {
	return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}

/** Addresses that did not need a lookup. */
function known(
	way: "literal" | "localhost" | "hosts",
	all: readonly IpAddress[],
	families: readonly Family[],
): FoundNames {
	const addresses = way === "literal" ? all : all.filter(({ af }) => families.includes(af));
	const report = (af: Family): FamilyReport => {
		const count = addresses.filter((address) => address.af === af).length;
		return count > 0 ? { status: "found", count } : { status: "not-asked" };
	};
	return { way, families: { 4: report(4), 6: report(6) }, addresses };
}

function addressesOf(outcome: FamilyOutcome): readonly string[] {
	return outcome.status === "found" ? outcome.addresses : [];
}

function reportOf(outcome: FamilyOutcome): FamilyReport {
	return outcome.status === "found" ? { status: "found", count: outcome.addresses.length } : outcome;
}

/**
 * The one error for a name without any address: "not found" only if every family says so, otherwise what went wrong.
 * Its cause has each family's error.
 */
function failureOf(host: string, outcomes: FamilyOutcomes): Error {
	const errors = FAMILIES.flatMap((af) => {
		const outcome = outcomes[af];
		return outcome.status === "failed" ? [outcome.error] : [];
	});
	const cause = new AggregateError(errors, `lookups of ${host}`);
	// Any other error is a bug, and is passed on as it is.
	const foreign = errors.find((error) => !(error instanceof AddressError));
	if (foreign) return foreign;
	const worst = errors.find((error) => !(error instanceof AddressNotFoundError));
	if (!worst) return new AddressNotFoundError(host, "no such name, or no address of it", { cause });
	return worst instanceof AddressDnsError
		? new AddressDnsError(host, worst.detail, worst.server, { cause })
		: worst;
}
