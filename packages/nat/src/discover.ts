import { type Check, is, systemClock, systemRandom } from "@p2pd/net";
import { checkArgument, DEPS_FIELDS, isIpText, isPositiveTime, isServerEndpoint } from "./check.js";
import { MAX_SERVERS, MOST_SERVERS, TIMEOUT } from "./defaults.js";
import type { Discovery } from "./discovery.js";
import { NatArgumentError, NatSocketError } from "./errors.js";
import { reportOf } from "./report/report.js";
import { runDiscovery } from "./run.js";
import { ServerSource } from "./servers.js";
import type { DiscoverySnapshot } from "./snapshot.js";
import type { NatDeps, NatOptions, NatReport } from "./types.js";

type Listener = (report: NatReport) => void;

/**
 * Finds out how the NAT on the way behaves: mapping, filtering, P2PD's type, how ports are picked, and more.
 *
 * It takes about three round trips and sends STUN requests to the servers given and nothing else: at most 60 of them
 * where nothing is lost and no answers differ, else 120. What the network does is in the report and is not thrown.
 *
 * @throws NatArgumentError (`ERR_NAT_ARGUMENT`) for a wrong argument, and where no server has an address of the family
 * @throws NatSocketError (`ERR_NAT_SOCKET`) if no UDP socket can be made
 * @throws the signal's reason
 */
export async function discoverNat(options: NatOptions, deps: NatDeps): Promise<NatReport> {
	checkInput(options, deps);
	return discover(options, deps, () => undefined);
}

/**
 * The same as {@link discoverNat}, with every better result as soon as it is there: the external address after one
 * round trip, the mapping after one or two, the whole after three. The last one has `final` true. Leaving the loop
 * ends the discovery.
 */
export async function* discoverNatSteps(
	options: NatOptions,
	deps: NatDeps,
): AsyncGenerator<NatReport, void, undefined> {
	checkInput(options, deps);
	const leave = new AbortController();
	const signal =
		options.signal === undefined ? leave.signal : AbortSignal.any([options.signal, leave.signal]);
	const queue: NatReport[] = [];
	let wake: () => void = () => undefined;
	let failure: unknown;
	let running = true;
	const work = discover({ ...options, signal }, deps, (report) => {
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
		leave.abort(new Error("the caller has left the loop"));
		await work;
	}
}

const isServer: Check = is.either(
	'a text such as "stun.example.com:3478", { host, port } or { ip, port }',
	is.filledText,
	is.shape({ host: is.filledText, port: is.remotePort }, { required: ["host", "port"], open: true }),
	isServerEndpoint,
);

function checkInput(options: NatOptions, deps: NatDeps): void {
	checkArgument(
		options,
		"",
		{
			servers: is.listOf(isServer, { max: 1000 }),
			timeout: isPositiveTime,
			maxServers: is.whole(1, MOST_SERVERS),
			delta: is.boolean,
			hairpinning: is.boolean,
			tcp: is.boolean,
			routerAddress: isIpText,
			previous: is.shape(
				{
					type: is.anything,
					mapping: is.text,
					filtering: is.text,
					delta: is.object,
					externalIps: is.listOf(is.text),
				},
				{ required: ["type", "mapping", "filtering", "delta", "externalIps"], open: true },
			),
			signal: is.signal,
		},
		{ required: ["servers"] },
	);
	checkArgument(deps, "deps", { ...DEPS_FIELDS, resolve: is.function }, { required: ["sockets"] });
}

async function discover(options: NatOptions, deps: NatDeps, listener: Listener): Promise<NatReport> {
	const { signal, timeout = TIMEOUT, maxServers = MAX_SERVERS } = options;
	const { sockets, clock = systemClock, random = systemRandom } = deps;
	signal?.throwIfAborted();
	const source = new ServerSource(options.servers, { timeout }, { sockets, clock, resolve: deps.resolve });
	const report = (snapshot: DiscoverySnapshot): NatReport =>
		reportOf(snapshot, { af: sockets.af, options, now: clock.now() });
	let seen = "";
	const discovery = await runDiscovery(
		{
			maxServers,
			timeout,
			delta: options.delta ?? true,
			hairpinning: options.hairpinning ?? true,
			tcp: (options.tcp ?? true) && sockets.connect !== undefined,
		},
		{ sockets, clock, random, nextServer: (stop) => source.next(stop) },
		signal,
		(running: Discovery) => {
			const { progress } = running;
			if (running.ending !== null || progress === seen) return;
			seen = progress;
			listener(report(running.snapshot()));
		},
	);
	const last = discovery.snapshot();
	if (last.ending === "no-servers") {
		const count = options.servers.length;
		const why = count === 0 ? "must not be empty" : `has no server with an IPv${sockets.af} address`;
		throw new NatArgumentError("servers", `servers ${why}`);
	}
	if (last.ending === "no-socket") {
		throw new NatSocketError(`no UDP socket could be made: ${last.socketFailure ?? "unknown"}`);
	}
	return report(last);
}
