import fc from "fast-check";
import { expect, it } from "vitest";
import {
	ALLOCATIONS,
	DEPENDENCES,
	type Dependence,
	type HostPort,
	ManualClock,
	type NatSpec,
	SeededRandom,
	type UdpPacket,
} from "../../src/index.js";
import { Nat } from "../../src/memory/gateway/nat.js";

/*
 * A NAT against what may be concluded from its traffic alone: the log of what left it, read anew each time.
 * The NAT keeps tables; this keeps none.
 */

const LIFETIME = 1000;
const REMOTES: readonly HostPort[] = ["8.8.8.8", "9.9.9.9"].flatMap((ip) =>
	[53, 54].map((port) => ({ ip, port })),
);
const INSIDES: readonly HostPort[] = ["10.0.0.1", "10.0.0.2"].flatMap((ip) =>
	[5000, 5001, 5007].map((port) => ({ ip, port })),
);

type Step =
	| { readonly kind: "out"; readonly inside: number; readonly remote: number }
	| { readonly kind: "in"; readonly sent: number; readonly remote: number }
	| { readonly kind: "wait"; readonly ms: number };

const index = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant("out" as const), inside: index, remote: index }) },
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant("in" as const), sent: index, remote: index }) },
	{
		weight: 1,
		arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 700 }) }),
	},
);
const dependence = fc.constantFrom(...DEPENDENCES);
const spec: fc.Arbitrary<NatSpec> = fc.record({
	kind: fc.constant("nat" as const),
	mapping: dependence,
	filtering: dependence,
	allocation: fc.constantFrom(...ALLOCATIONS),
	onCollision: fc.constantFrom("next-free" as const, "random" as const),
	ports: fc.constantFrom([5000, 5003] as const, [4990, 5050] as const, [1024, 65_535] as const),
	lifetime: fc.constant({ ms: LIFETIME, refresh: "outbound" as const }),
});

/** One packet that went out, and as what. */
interface Sent {
	readonly at: number;
	readonly inside: HostPort;
	readonly remote: HostPort;
	readonly external: HostPort;
}

const text = ({ ip, port }: HostPort): string => `${ip}:${port}`;
const seenBy = (dependence: Dependence, remote: HostPort): string =>
	dependence === "endpoint-independent" ? "" : dependence === "address-dependent" ? remote.ip : text(remote);

const packet = (from: HostPort, to: HostPort): UdpPacket => ({
	proto: "udp",
	af: 4,
	src: from.ip,
	srcPort: from.port,
	dst: to.ip,
	dstPort: to.port,
	ttl: 64,
	data: new Uint8Array(0),
});

/** What left through the mapping of an inside endpoint and a remote one, without a gap of a whole lifetime. */
function flow(
	log: readonly Sent[],
	{ mapping }: NatSpec,
	inside: HostPort,
	remote: HostPort,
	now: number,
): Sent[] {
	const key = (one: Pick<Sent, "inside" | "remote">): string =>
		`${text(one.inside)}>${seenBy(mapping, one.remote)}`;
	const out: Sent[] = [];
	let after = now;
	for (const one of log.filter((sent) => key(sent) === key({ inside, remote })).reverse()) {
		if (after - one.at >= LIFETIME) break;
		out.push(one);
		after = one.at;
	}
	return out;
}

it("keeps to its rules whatever the traffic", async () => {
	await fc.assert(
		fc.asyncProperty(spec, fc.array(step, { maxLength: 60 }), fc.nat(), async (nat, steps, seed) => {
			const clock = new ManualClock();
			const random = new SeededRandom(seed);
			const box = new Nat({ name: "nat", spec: nat, externalIps: ["82.1.1.1"], clock, random });
			const log: Sent[] = [];
			const pick = <T>(all: readonly T[], at: number): T => all[at % all.length] as T;
			for (const one of steps) {
				const now = clock.now();
				const live = (sent: Sent): boolean => flow(log, nat, sent.inside, sent.remote, now).includes(sent);
				if (one.kind === "wait") {
					await clock.advance(one.ms);
				} else if (one.kind === "out") {
					const [inside, remote] = [pick(INSIDES, one.inside), pick(REMOTES, one.remote)];
					const before = flow(log, nat, inside, remote, now)[0];
					const out = box.outbound(packet(inside, remote));
					const taken = new Set(log.filter(live).map(({ external }) => text(external)));
					const [first, last] = nat.ports as readonly [number, number];
					if (typeof out === "string") {
						expect([out, before, taken.size]).toEqual(["no-free-port", undefined, last - first + 1]);
						continue;
					}
					const external = { ip: out.src, port: out.srcPort };
					expect([out.dst, out.dstPort]).toEqual([remote.ip, remote.port]);
					expect(external.port >= first && external.port <= last).toBe(true);
					// A live mapping stays as it is; a new one is nobody else's.
					if (before !== undefined) expect(external).toEqual(before.external);
					else expect(taken.has(text(external))).toBe(false);
					log.push({ at: now, inside, remote, external });
				} else if (log.length > 0) {
					const [target, remote] = [pick(log, one.sent), pick(REMOTES, one.remote)];
					const back = box.inbound(packet(remote, target.external));
					const owner = log.filter(live).find(({ external }) => text(external) === text(target.external));
					// The filter knows whom it has sent to within a lifetime of now, through this very mapping.
					const allowed = log.some(
						(sent) =>
							owner !== undefined &&
							live(sent) &&
							text(sent.external) === text(owner.external) &&
							seenBy(nat.filtering, sent.remote) === seenBy(nat.filtering, remote) &&
							now - sent.at < LIFETIME,
					);
					if (typeof back === "string")
						expect([back, allowed]).toEqual([owner ? "filtered" : "no-mapping", false]);
					else {
						expect(allowed).toBe(true);
						expect([back.dst, back.dstPort]).toEqual([owner?.inside.ip, owner?.inside.port]);
						expect([back.src, back.srcPort]).toEqual([remote.ip, remote.port]);
					}
				}
			}
		}),
		{ numRuns: process.env["P2PD_LONG"] === "1" ? 20_000 : 300 },
	);
});
