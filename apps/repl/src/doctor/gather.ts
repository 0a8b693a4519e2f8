import { getServers } from "node:dns";
import {
	DEFAULT_STUN_SERVERS,
	endpointText,
	type Family,
	type Interface,
	initP2pd,
	type NicInfo,
	type NicSnapshot,
	parseStunServer,
	type StunServerSpec,
	stunServersFromEnv,
} from "@p2pd/core";
import { findNic, startedInterface } from "../commands/common.js";
import type { Context } from "../context.js";
import { errorLine } from "../errors.js";
import { watchClock } from "./clock.js";
import { MAX_RESOLVERS } from "./defaults.js";
import { askServers } from "./probes.js";
import type { DoctorOptions, ExternalFact, Facts, NatFact } from "./types.js";

/**
 * Gathers what findings are drawn from. It contacts the STUN servers and the DNS servers in use, and asks the latter
 * for the names of the former, or for those of the options; nobody and nothing else.
 *
 * @throws CommandError where the NIC that was asked for does not exist; the signal's reason
 */
export async function gather(context: Context, own: DoctorOptions): Promise<Facts> {
	const { options, progress, signal, io } = context;
	const readClock = watchClock();
	const netifaces = await initP2pd({ signal });
	const { snapshot } = netifaces;
	const families: Family[] = options.family === undefined ? [4, 6] : [options.family];
	const nic = options.nic === undefined ? defaultNic(snapshot, families) : findNic(netifaces, options.nic);
	const servers = options.stun?.map(parseStunServer) ?? stunServersFromEnv(io.env) ?? DEFAULT_STUN_SERVERS;
	const resolvers = own.dns ?? [...new Set(getServers())].slice(0, MAX_RESOLVERS);
	const way = { context, nic, families, isChosen: options.nic !== undefined };

	const [{ lookups, stun, nat64 }, started] = await progress.during(
		"looking up names, and asking STUN servers over UDP and TCP",
		async () => {
			const asked = askServers(way, servers, resolvers, own);
			const starting = nic === null ? Promise.resolve(null) : start(context, nic);
			return Promise.all([asked, starting]);
		},
	);
	const nic4and6 = started instanceof Error ? null : started;
	try {
		if (options.nat && nic4and6 !== null && nic4and6.supported().length > 0) {
			await progress.during(`asking STUN servers what kind of NAT ${nic4and6.name} is behind`, () =>
				nic4and6.loadNat({ signal, timeout: context.timeLeft() }),
			);
		}
		const external = (af: Family): ExternalFact | null =>
			families.includes(af) && started !== null ? externalOf(started, af) : null;
		return {
			snapshot,
			nic,
			chosen: options.nic !== undefined,
			families,
			servers: servers.map(serverText),
			resolvers,
			lookups,
			stun,
			external: { 4: external(4), 6: external(6) },
			nat: { 4: natOf(nic4and6, 4), 6: natOf(nic4and6, 6) },
			natAsked: options.nat,
			nat64,
			routerWan: own.routerWan ?? null,
			clock: readClock(),
		};
	} finally {
		nic4and6?.close();
	}
}

const serverText = ({ host, port }: StunServerSpec): string => endpointText({ ip: host, port });

function defaultNic({ defaults, nics }: NicSnapshot, families: readonly Family[]): NicInfo | null {
	const name = families.map((af) => defaults[af]?.name).find((one) => one !== undefined);
	return nics.find((nic) => nic.name === name) ?? null;
}

/** The interface started; what made that impossible as a value. @throws the signal's reason */
async function start(context: Context, nic: NicInfo): Promise<Interface | Error> {
	try {
		const quiet = { ...context, progress: { during: <T>(_: string, work: () => Promise<T>) => work() } };
		return await startedInterface(quiet, { name: nic.name, nat: false });
	} catch (error) {
		context.signal.throwIfAborted();
		if (error instanceof Error) return error;
		throw error;
	}
}

function externalOf(started: Interface | Error, af: Family): ExternalFact {
	if (started instanceof Error) {
		return { addresses: [], nonPublic: false, singleServer: false, reason: errorLine(started) };
	}
	const verified = started.routes(af).routes.filter((route) => route.isVerified);
	return {
		addresses: [...new Set(verified.flatMap((route) => route.extIps.map(String)))],
		nonPublic: verified.some((route) => !route.isPublic),
		singleServer: verified.some((route) => route.singleServer),
		reason: started.reasons[af],
	};
}

function natOf(started: Interface | null, af: Family): NatFact | null {
	const report = started?.natReports[af] ?? null;
	if (report === null) return null;
	const { type, mapping, filtering, delta, reason, local, externalIps, sharedAddressSpace, doubleNat } =
		report;
	const { hairpinning } = report;
	return {
		type,
		mapping,
		filtering,
		delta,
		reason,
		local,
		externalIps,
		sharedAddressSpace,
		doubleNat,
		hairpinning,
	};
}
