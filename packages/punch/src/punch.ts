import { isIp } from "@p2pd/address";
import { type ArgumentProblem, type Fields, is, objectProblem, systemClock } from "@p2pd/net";
import { BIRTHDAY_PROBES, MAX_LAN, SCAN_FROM, SCAN_TO } from "./defaults.js";
import { PunchArgumentError } from "./errors.js";
import { BirthdayGate, processGate } from "./gate.js";
import { hidePunchPackets, keepAlive, keepAliveInterval } from "./hand-over.js";
import { runSession } from "./session.js";
import { TcpPuncher } from "./tcp-puncher.js";
import type {
	PunchTcpDeps,
	PunchTcpOptions,
	PunchUdpDeps,
	PunchUdpOptions,
	TcpPunchResult,
	UdpPunchResult,
} from "./types.js";
import { UdpPuncher } from "./udp-puncher.js";

/**
 * Opens a UDP path to a peer. The peer has to make the same call at about the same time.
 *
 * @returns an open socket and where the peer is, or why there is none
 * @throws PunchArgumentError (`ERR_PUNCH_ARGUMENT`); the signal's reason
 */
export async function punchUdp(options: PunchUdpOptions, deps: PunchUdpDeps): Promise<UdpPunchResult> {
	check(options, deps, { probes: is.whole(0, SCAN_TO - SCAN_FROM + 1), keepAlive: is.boolean }, ["udp"]);
	const { probes = BIRTHDAY_PROBES, nats } = options;
	const { sockets, observe, gate = processGate, clock = systemClock } = deps;
	const interval = options.keepAlive === false ? null : keepAliveInterval([nats.our, nats.their]);
	return runSession({
		transport: "udp",
		options,
		probes,
		deps,
		localIp: sockets.localIp,
		makePuncher: (context) =>
			new UdpPuncher({
				...context,
				sockets,
				observe,
				gate,
				probes,
				handOver: (winner) => {
					hidePunchPackets(winner);
					if (interval !== null) keepAlive(winner, interval, clock);
					return interval;
				},
			}),
	});
}

/**
 * Opens a TCP connection to a peer, by simultaneous open or through a listener. The peer has to make the same call at
 * about the same time.
 *
 * @returns a connected socket, or why there is none
 * @throws PunchArgumentError (`ERR_PUNCH_ARGUMENT`); the signal's reason
 */
export async function punchTcp(options: PunchTcpOptions, deps: PunchTcpDeps): Promise<TcpPunchResult> {
	check(options, deps, {}, ["connect", "listen"]);
	const { sockets, observe } = deps;
	return runSession({
		transport: "tcp",
		options,
		probes: 0,
		deps,
		localIp: sockets.localIp,
		makePuncher: (context) => new TcpPuncher({ ...context, sockets, observe }),
	});
}

const OPEN = { open: true } as const;
const NAT = is.shape(
	{
		type: is.oneOf(1, 2, 3, 4, 5, 6, 7, "unknown"),
		delta: is.shape(
			{ type: is.oneOf(1, 2, 3, 4, 5, 6, "unknown"), value: is.whole(-32_768, 32_767) },
			{ required: ["type", "value"], ...OPEN },
		),
	},
	{ required: ["type", "delta"], ...OPEN },
);
const OPTIONS: Fields = {
	ourId: is.filledText,
	theirId: is.filledText,
	nats: is.shape({ our: NAT, their: NAT }, { required: ["our", "their"] }),
	localIps: is.listOf(
		is.a("an IP address", (value) => typeof value === "string" && isIp(value)),
		{ max: MAX_LAN },
	),
	timeout: is.timeout,
	signal: is.signal,
};

function check(options: unknown, deps: unknown, more: Fields, makes: readonly string[]): void {
	const required = ["ourId", "theirId", "nats"];
	refuse(objectProblem(options, "options", { ...OPTIONS, ...more }, { required }));
	const { ourId, theirId } = options as PunchUdpOptions;
	if (ourId === theirId) throw new PunchArgumentError("options.theirId", "must differ from options.ourId");
	const fields: Fields = {
		sockets: is.a(`a socket factory with ${makes.join(" and ")}`, (value) => hasMethods(value, makes)),
		observe: is.function,
		channel: is.a(
			"a channel with send and messages",
			(value) =>
				hasMethods(value, ["send"]) &&
				"messages" in value &&
				hasMethods(value.messages, [Symbol.asyncIterator]),
		),
		clock: is.object,
		random: is.function,
		gate: is.a("a BirthdayGate", (value) => value instanceof BirthdayGate),
	};
	refuse(objectProblem(deps, "deps", fields, { required: ["sockets", "observe", "channel"] }));
}

/** Also those that a class has. */
function hasMethods(value: unknown, names: readonly (string | symbol)[]): value is object {
	if (typeof value !== "object" || value === null) return false;
	return names.every((name) => typeof Reflect.get(value, name) === "function");
}

function refuse(problem: ArgumentProblem | null): void {
	if (problem !== null) throw new PunchArgumentError(problem.path, problem.message);
}
