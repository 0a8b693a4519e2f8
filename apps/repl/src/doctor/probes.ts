import {
	Address,
	endpointText,
	type Family,
	ipVersion,
	isIp,
	kernelRoute,
	type NicInfo,
	type SocketFactory,
	StunClient,
	type StunServerSpec,
} from "@p2pd/core";
import { socketsOf } from "../commands/common.js";
import type { Context } from "../context.js";
import { codeOf, errorLine } from "../errors.js";
import { LOOKUP_GRACE, MAX_NAMES, MAX_STUN_SERVERS, PROBE_TIMEOUT } from "./defaults.js";
import type { DoctorOptions, Facts, LookupFact, LookupOutcome, StunFact, StunOutcome } from "./types.js";

/** The name that has IPv6 addresses only where a DNS64 makes them up (RFC 7050). */
const NAT64_NAME = "ipv4only.arpa";

/** The way that questions take. */
export interface Way {
	readonly context: Context;
	readonly nic: NicInfo | null;
	readonly families: readonly Family[];
	/** Leave by the NIC even where the kernel would choose another. */
	readonly isChosen: boolean;
}

/** The sockets to ask by; null where there is no address of that family to ask from. */
function socketsBy({ nic, isChosen }: Way, af: Family): SocketFactory | null {
	const has = nic?.addresses.some(
		(address) => address.af === af && address.scope !== "link" && address.tentative !== true,
	);
	if (nic === null || has !== true) return null;
	return isChosen ? socketsOf(nic, af) : kernelRoute(af);
}

/** Looks up the names, and asks each server by itself. Throws the signal's reason. */
export async function askServers(
	way: Way,
	servers: readonly StunServerSpec[],
	resolvers: readonly string[],
	own: DoctorOptions,
): Promise<Pick<Facts, "lookups" | "stun" | "nat64">> {
	const { signal } = way.context;
	const limits = { timeout: Math.min(way.context.timeLeft(), PROBE_TIMEOUT), signal };
	const some = servers.slice(0, MAX_STUN_SERVERS);
	const named = some.map(({ host }) => host).filter((host) => !isIp(host));
	const names = [...new Set(own.name ?? named)];
	const direct = names.slice(0, MAX_NAMES).flatMap((name) =>
		resolvers.flatMap((server): Question[] => {
			const sockets = way.isChosen ? socketsBy(way, ipVersion(server) === 6 ? 6 : 4) : null;
			return way.isChosen && sockets === null ? [] : [{ name, server, sockets, ...limits }];
		}),
	);
	const system = [...new Set([...names, ...named])].map((name) => ({
		name,
		server: null,
		sockets: null,
		...limits,
	}));
	const askingDirect = Promise.all(direct.map(lookUp));
	const askingNat64 = own.nat64
		? lookUp({ name: NAT64_NAME, server: null, sockets: null, ...limits })
		: Promise.resolve(null);
	const bySystem = (await Promise.all(system.map(lookUp))).flat();
	const questions = some.flatMap((server) => stunQuestions(way, server, bySystem, limits));
	const [byServer, nat64, stun] = await Promise.all([
		askingDirect,
		askingNat64,
		Promise.all(questions.map(askStun)),
	]);
	return {
		lookups: [...bySystem, ...byServer.flat()],
		stun,
		nat64: nat64?.find(({ af }) => af === 6)?.outcome ?? null,
	};
}

/** Each family that server and machine have, over UDP and TCP. */
function stunQuestions(
	way: Way,
	spec: StunServerSpec,
	lookups: readonly LookupFact[],
	limits: Pick<StunQuestion, "timeout" | "signal">,
): StunQuestion[] {
	return way.families.flatMap((af) => {
		const ip = isIp(spec.host)
			? [spec.host].find((host) => ipVersion(host) === af)
			: firstAddress(lookups, spec.host, af);
		const sockets = socketsBy(way, af);
		if (ip === undefined || sockets === null) return [];
		return (["udp", "tcp"] as const).map((transport) => ({
			server: endpointText({ ip: spec.host, port: spec.port }),
			ip,
			port: spec.port,
			transport,
			sockets,
			...limits,
		}));
	});
}

function firstAddress(lookups: readonly LookupFact[], name: string, af: Family): string | undefined {
	const { outcome } = lookups.find((fact) => fact.name === name && fact.af === af) ?? {};
	return outcome?.status === "found" ? outcome.ips[0] : undefined;
}

/** A name to look up, and by which way. */
interface Question {
	readonly name: string;
	/** The DNS server to ask; null for the system's way. */
	readonly server: string | null;
	/** Sockets to ask that server through; null where the kernel chooses. */
	readonly sockets: SocketFactory | null;
	/** In ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
}

/** Looks a name up in both families. What the network does is data. @throws the signal's reason */
async function lookUp(question: Question): Promise<LookupFact[]> {
	const { name, server, timeout, signal } = question;
	const started = performance.now();
	const outcomes = await lookupOutcomes(question);
	signal.throwIfAborted();
	const took = Math.min(Math.round(performance.now() - started), timeout);
	return ([4, 6] as const).map((af) => ({
		name,
		af,
		way: server === null ? "system" : "direct",
		server,
		outcome: outcomes[af],
		took,
	}));
}

async function lookupOutcomes({
	name,
	server,
	sockets,
	timeout,
	signal,
}: Question): Promise<Record<Family, LookupOutcome>> {
	// The port plays no part in a lookup.
	const options = server === null ? {} : { servers: [server] };
	const address = new Address(name, 1, { ...options, grace: LOOKUP_GRACE });
	try {
		await address.res(sockets, { timeout, signal });
	} catch (error) {
		const outcome = failed(error);
		return { 4: outcome, 6: outcome };
	}
	const of = (af: Family): LookupOutcome => {
		const report = address.resolution.families[af];
		if (report.status === "found") return { status: "found", ips: address.endpoints(af).map(({ ip }) => ip) };
		if (report.status === "failed") return failed(report.error);
		return {
			status: "failed",
			error: report.status === "late" ? "no answer while the other family had one" : "not asked",
		};
	};
	return { 4: of(4), 6: of(6) };
}

const failed = (error: unknown): LookupOutcome =>
	codeOf(error) === "ERR_ADDRESS_NOT_FOUND"
		? { status: "none" }
		: { status: "failed", error: errorLine(error) };

/** A server to ask. */
interface StunQuestion {
	/** As it was configured. */
	readonly server: string;
	readonly ip: string;
	readonly port: number;
	readonly transport: "udp" | "tcp";
	readonly sockets: SocketFactory;
	/** In ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
}

/** Asks one STUN server which address it sees. What the network does is data. @throws the signal's reason */
async function askStun(question: StunQuestion): Promise<StunFact> {
	const { server, ip, transport, sockets } = question;
	return { server, ip, af: sockets.af, transport, outcome: await stunOutcome(question) };
}

async function stunOutcome({
	ip,
	port,
	transport,
	sockets,
	timeout,
	signal,
}: StunQuestion): Promise<StunOutcome> {
	const client = new StunClient(
		{
			server: { ip, port },
			transport,
			mode: transport === "udp" ? "auto" : "rfc8489",
			timeout,
			// One server and no change requests, so the socket can be connected, and a refusal is reported at once.
			connected: transport === "udp",
		},
		{ sockets },
	);
	try {
		const { mapped, rtt } = await client.getMapping({ signal });
		return { status: "answered", mapped: endpointText(mapped), rtt: Math.round(rtt) };
	} catch (error) {
		signal.throwIfAborted();
		return { status: isRefusal(error) ? "refused" : "failed", error: errorLine(error) };
	} finally {
		await client.close();
	}
}

/** Whether an error, or what caused it, is the host's word that nothing listens there. */
const isRefusal = (error: unknown): boolean =>
	codeOf(error) === "ECONNREFUSED" ||
	(error instanceof Error && error.cause !== undefined && isRefusal(error.cause));
