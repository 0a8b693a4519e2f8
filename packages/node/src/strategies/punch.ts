import { randomInt } from "node:crypto";
import { isIp } from "@p2pd/address";
import { BLOCKED_NAT, EQUAL_DELTA, SYMMETRIC_NAT } from "@p2pd/nat";
import { type Endpoint, endpointText, sleep } from "@p2pd/net";
import { TCP } from "@p2pd/pipe";
import { RESEND } from "../defaults.js";
import { NodeHandshakeError } from "../errors.js";
import type { SecureLink } from "../secure/link.js";
import type { NodeBase } from "../types.js";
import type { NodeChannel, NodeSession, NodeStrategy } from "./types.js";

/** High ports that services rarely use. */
const PORTS = { first: 20_000, end: 60_000 } as const;
/** Between two tries to connect, in ms: a NAT that resets is beaten by trying again. */
const RETRY = 20;
/** How long the tries go on, in ms. */
const PUNCH_TIME = 3000;

/**
 * TCP simultaneous open between NATs that keep the port: both sides connect at once from and to the ports that they told
 * each other.
 */
export const punchStrategy: NodeStrategy = {
	path: "punch",
	needsAnswer: true,
	plan(session) {
		if (session.transport !== TCP) return { skipped: "punching is for TCP alone so far" };
		const bases = session.bases.filter((base) => base.external !== null && whyNot(session, base) === null);
		if (bases.length === 0) {
			const reason = session.bases.map((base) => whyNot(session, base)).find((why) => why !== null);
			return { skipped: reason ?? "no STUN server has told this host's external address" };
		}
		return {
			ways: bases.slice(0, 2).map((base) => ({
				key: `punch ${base.ip}`,
				af: base.af,
				to: null,
				run: (signal) => punch(session, base, signal),
			})),
		};
	},
	answer: (session, signal) => {
		const base = session.bases.find(({ external }) => external !== null);
		if (base === undefined)
			throw new NodeHandshakeError("no STUN server has told this host's external address");
		return punch(session, base, signal);
	},
};

function whyNot(session: NodeSession, { af, nat }: NodeBase): string | null {
	const theirs = session.theirs.candidates.find(
		(candidate) => candidate.af === af && candidate.kind === "external",
	);
	if (theirs === undefined) return "the peer tells no external address of the same family";
	for (const [whose, one] of [
		["this host's", nat],
		["the peer's", theirs.nat],
	] as const) {
		if (one === null) continue;
		if (one.type === BLOCKED_NAT) return `${whose} NAT lets nothing through`;
		if (one.type === SYMMETRIC_NAT || (one.delta.type !== EQUAL_DELTA && one.delta.type !== 1)) {
			return `${whose} NAT does not keep ports`;
		}
	}
	return null;
}

async function punch(session: NodeSession, base: NodeBase, signal: AbortSignal): Promise<SecureLink> {
	const local = randomInt(PORTS.first, PORTS.end);
	const ours: Endpoint = { ip: base.external ?? base.ip, port: local };
	const channel = session.channel("punch");
	const theirs =
		session.side === "dialer"
			? await lead(session, channel, ours, signal)
			: await follow(channel, ours, signal);
	if (!isIp(theirs.ip) || theirs.ip.includes(":") !== (base.af === 6))
		throw new NodeHandshakeError("the peer told an address of another family");
	const deadline = session.clock.now() + PUNCH_TIME;
	let last: unknown = null;
	while (session.clock.now() < deadline) {
		signal.throwIfAborted();
		const tryEnd = AbortSignal.any([signal, AbortSignal.timeout(PUNCH_TIME)]);
		try {
			const socket = await base.sockets.connect({ ...theirs, localPort: local, reuse: true, signal: tryEnd });
			return await session.secureStream(
				socket,
				session.ourId < session.theirId ? "client" : "server",
				signal,
			);
		} catch (error) {
			signal.throwIfAborted();
			last = error;
			await sleep(RETRY, session.clock, signal);
		}
	}
	throw new NodeHandshakeError(`${endpointText(theirs)} did not answer: ${(last as Error).message}`);
}

/** Tells its port until the answer comes, then says go and waits for half a round trip. */
async function lead(
	session: NodeSession,
	channel: NodeChannel,
	ours: Endpoint,
	signal: AbortSignal,
): Promise<Endpoint> {
	const over = new AbortController();
	const either = AbortSignal.any([signal, over.signal]);
	const started = session.clock.now();
	const telling = (async (): Promise<never> => {
		for (;;) {
			await channel.send(encode("port", ours)).catch(() => undefined);
			await sleep(RESEND, session.clock, either);
		}
	})();
	try {
		const theirs = await Promise.race([expect(channel, "port"), telling]);
		const rtt = session.clock.now() - started;
		await channel.send(encode("go", ours));
		await sleep(Math.min(rtt, RESEND) / 2, session.clock, signal);
		return theirs;
	} finally {
		over.abort();
		telling.catch(() => undefined);
	}
}

async function follow(channel: NodeChannel, ours: Endpoint, signal: AbortSignal): Promise<Endpoint> {
	await channel.send(encode("port", ours));
	for await (const data of channel.messages) {
		signal.throwIfAborted();
		const message = decode(data);
		if (message?.kind === "port") await channel.send(encode("port", ours));
		if (message?.kind === "go") return message.at;
	}
	throw new NodeHandshakeError("the attempt is over");
}

async function expect(channel: NodeChannel, kind: string): Promise<Endpoint> {
	for await (const data of channel.messages) {
		const message = decode(data);
		if (message?.kind === kind) return message.at;
	}
	throw new NodeHandshakeError("the attempt is over");
}

function encode(kind: string, { ip, port }: Endpoint): Buffer {
	return Buffer.from(`${kind} ${port} ${ip}`);
}

function decode(data: Uint8Array): { readonly kind: string; readonly at: Endpoint } | null {
	const [kind = "", port = "", ip = ""] = Buffer.from(data).toString("latin1").split(" ");
	if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535 || !isIp(ip)) return null;
	return { kind, at: { ip, port: Number(port) } };
}
