import { keepBusy } from "@p2pd/testnet";
import { NAT_KINDS, planPunch } from "../src/index.js";
import { bothTcp, bothUdp, buildScene } from "../test/scene.js";

/** One run of one pair of NATs under one condition. */
export interface Run {
	/** Indexes of {@link NAT_KINDS}. */
	readonly a: number;
	readonly b: number;
	readonly transport: "udp" | "tcp";
	/** Between the peers, in ms. */
	readonly rtt: number;
	/** On the way from one peer to the other. */
	readonly loss: number;
	readonly syn: "drop" | "reset";
	readonly seed: number;
	/** Flows a second that a neighbour of each peer opens meanwhile. */
	readonly busy?: number;
	/** How late the follower begins, in ms. */
	readonly startLate?: number;
	/** What the run is counted for, beside its cell. */
	readonly goal?: string;
}

/** What became of it. */
export interface Outcome {
	readonly rule: string;
	readonly action: "punch" | "relay";
	/** Both have a path, and it is the same one. */
	readonly ok: boolean;
	readonly reason: string;
	/** From the calls until both had their result, in ms. */
	readonly elapsed: number;
	/** From the agreed instant until the first packet or connection of the peer's on both sides, in ms. */
	readonly heard: number | null;
	/** From the agreed instant until both had their result, in ms. */
	readonly done: number | null;
	/** Datagrams that both sent to each other, or connections that both tried. */
	readonly sent: number;
	/** Of those, guesses at ports. */
	readonly probes: number;
}

/** Runs it on a network of its own. */
export async function runCell(run: Run): Promise<Outcome> {
	const { transport, rtt, loss, syn, seed, busy = 0, startLate = 0 } = run;
	const [a, b] = [NAT_KINDS[run.a], NAT_KINDS[run.b]];
	if (a === undefined || b === undefined) throw new RangeError(`no kinds ${run.a} and ${run.b}`);
	const { rule, action } = planPunch(a, b, { transport });
	const label = `${run.a}/${run.b}/${transport}/${rtt}/${loss}/${syn}/${seed}/${busy}/${startLate}`;
	const scene = await buildScene(a, b, {
		seed: label,
		rtt,
		loss,
		unsolicitedSyn: syn,
		channel: { startLate },
	});
	const ends =
		busy === 0
			? []
			: ["alice-neighbour", "bob-neighbour"].map((host) =>
					keepBusy(scene.network, host, { perSecond: busy, transport, to: { ip: "8.40.1.1", port: 3478 } }),
				);
	const [one, two] = transport === "udp" ? await bothUdp(scene) : await bothTcp(scene);
	for (const end of ends) end();
	const [first, second] = [one.report, two.report];
	const sent = first.sent + second.sent;
	const elapsed = Math.max(first.elapsed, second.elapsed);
	let dead = false;
	for (const result of [one, two]) {
		if (!result.ok) continue;
		if ("destroy" in result.socket) {
			dead ||= result.socket.destroyed;
			result.socket.destroy();
		} else result.socket.close();
	}
	if (!one.ok || !two.ok || dead) {
		const reason = [one, two].map((result) => (result.ok ? (dead ? "dead" : "ok") : result.reason)).join(" ");
		return { rule, action, ok: false, reason, elapsed, heard: null, done: null, sent, probes: 0 };
	}
	const agreed = Math.min(first.agreedAt ?? 0, second.agreedAt ?? 0);
	return {
		rule,
		action,
		ok: true,
		reason: "",
		elapsed,
		heard: Math.max(first.heardAt ?? 0, second.heardAt ?? 0) - agreed,
		done: elapsed - agreed,
		sent,
		probes: first.guesses + second.guesses,
	};
}
