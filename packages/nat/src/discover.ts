import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Family, type HostPort, systemClock } from "@p2pd/stun-client";
import { MAX_SERVERS, TIMEOUT } from "./defaults.js";
import type { Discovery } from "./engine/discovery.js";
import { runDiscovery } from "./engine/run.js";
import { sourceAddress } from "./engine/stun-sockets.js";
import { NatArgumentError, NatSocketError } from "./errors.js";
import { reportOf } from "./report/report.js";
import { resolveServers } from "./servers.js";
import type { DiscoverNatInput, NatReport } from "./types.js";

type Listener = (report: NatReport) => void;

/**
 * Find out how the NAT on the way behaves: mapping, filtering, P2PD's type, how ports are picked, and more.
 *
 * About three round trips; sends STUN requests to the servers given and nothing else, at most 60 of them where
 * nothing is lost and nobody contradicts, 120 otherwise. What the network does is in the report and is not thrown.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for servers or options that make no sense
 * @throws NatSocketError (`ERR_NAT_SOCKET`) if no UDP socket can be made
 * @throws the signal's reason
 */
export async function discoverNat(input: DiscoverNatInput): Promise<NatReport> {
	return discover(input, () => undefined);
}

/**
 * The same as {@link discoverNat}, with every better result as soon as it is there: the external address after one
 * round trip, the mapping after one or two, the whole after three. The last one has `final` true. Leaving the loop
 * ends the discovery.
 */
export async function* discoverNatSteps(input: DiscoverNatInput): AsyncGenerator<NatReport, void, undefined> {
	const leave = new AbortController();
	const signal = input.signal === undefined ? leave.signal : AbortSignal.any([input.signal, leave.signal]);
	const queue: NatReport[] = [];
	let wake: () => void = () => undefined;
	let failure: unknown;
	let running = true;
	const work = discover({ ...input, signal }, (report) => {
		queue.push(report);
		wake();
	}).then(
		(report) => {
			queue.push(report);
			running = false;
			wake();
		},
		(error: unknown) => {
			failure = error;
			running = false;
			wake();
		},
	);
	try {
		while (true) {
			const report = queue.shift();
			if (report !== undefined) yield report;
			else if (!running) break;
			else
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
		}
		if (failure !== undefined) throw failure;
	} finally {
		leave.abort(new Error("nobody waits for the discovery"));
		await work;
	}
}

async function discover(input: DiscoverNatInput, listener: Listener): Promise<NatReport> {
	const { sockets, signal, timeout = TIMEOUT, maxServers = MAX_SERVERS } = input;
	if (!(timeout > 0)) throw new NatArgumentError("timeout", "the timeout is in milliseconds and more than 0");
	if (!(maxServers >= 1)) throw new NatArgumentError("maxServers", "at least one server is asked");
	signal?.throwIfAborted();
	const clock = input.clock ?? systemClock;
	const random = input.random ?? randomBytes;
	const resolve = input.resolve ?? systemLookup;
	const servers = await resolveServers(input.servers, {
		af: sockets.af,
		max: maxServers,
		resolve,
		clock,
		timeout,
		signal,
	});
	const localIp = await sourceOf(input, servers);
	const context = { af: sockets.af, localIp, options: input };
	const report = (discovery: Discovery): NatReport => reportOf(discovery, { ...context, now: clock.now() });
	let seen = "";
	const discovery = await runDiscovery(
		{
			servers,
			localIp,
			timeout,
			delta: input.delta ?? true,
			hairpinning: input.hairpinning ?? true,
			tcp: (input.tcp ?? true) && sockets.connect !== undefined,
		},
		{ sockets, clock, random, ...(signal === undefined ? {} : { signal }) },
		(running) => {
			const key = verdictKey(running);
			if (running.ending !== null || key === seen) return;
			seen = key;
			listener(report(running));
		},
	);
	if (discovery.ending === "no-socket") {
		throw new NatSocketError(`no UDP socket could be made: ${discovery.socketFailure ?? "unknown"}`);
	}
	return report(discovery);
}

/** Changes when there is something worth telling. */
function verdictKey({ knowledge, train, hairpinning, tcp }: Discovery): string {
	const { mapping, filtering, servers } = knowledge;
	if (!servers.some(({ mapped }) => mapped !== null)) return "";
	const end = mapping.external === null ? "" : `${mapping.external.ip}|${mapping.external.port}`;
	return [
		end,
		mapping.behaviour,
		mapping.decided,
		filtering.behaviour,
		train.judgement?.type,
		hairpinning,
		tcp?.mapping,
	].join(" ");
}

async function sourceOf({ sockets }: DiscoverNatInput, servers: readonly HostPort[]): Promise<string | null> {
	const first = servers[0];
	if (first === undefined) throw new NatArgumentError("servers", "no server has an address of this family");
	try {
		return await sourceAddress(sockets, first);
	} catch (error) {
		throw new NatSocketError("no UDP socket could be made", { cause: error });
	}
}

async function systemLookup(host: string, af: Family): Promise<readonly string[]> {
	if (isIP(host) !== 0) return [host];
	return (await lookup(host, { family: af, all: true })).map(({ address }) => address);
}
