import { describe, expect, it } from "vitest";
import { Discovery } from "../src/discovery.js";
import type { Action, ProbeReply } from "../src/probes.js";

const SERVERS = [0, 1, 2, 3, 4].map((n) => ({ ip: `8.40.${n}.1`, port: 3478 }));
const EXTERNAL = "81.2.69.142";

/** Drives the machine by hand: no socket, no clock, no network. */
class Hand {
	now = 0;
	readonly machine: Discovery;
	readonly sent: string[] = [];
	readonly #servers: { ip: string; port: number }[];

	constructor(servers = SERVERS) {
		const settings = { maxServers: 5, delta: true, hairpinning: true, tcp: false };
		this.#servers = [...servers];
		this.machine = new Discovery(settings, (min) => min, 0);
	}

	/** Ask what to do until nothing is due any more before `until`. */
	runTo(until: number, answer: (id: string) => ProbeReply | null = () => null, rtt = 50): this {
		let due: { at: number; id: string; send: number; reply: ProbeReply }[] = [];
		for (let turns = 0; turns < 5000 && this.machine.ending === null; turns++) {
			for (const { id, send, reply } of due.filter(({ at }) => at <= this.now)) {
				this.machine.replied(id, send, reply, this.now);
			}
			due = due.filter(({ at }) => at > this.now);
			const actions = this.machine.step(this.now);
			for (const action of actions) {
				const sent = this.#perform(action);
				const reply = sent === null ? null : answer(sent.id);
				if (sent !== null && reply !== null) due.push({ ...sent, reply, at: this.now + rtt });
			}
			// A socket was opened or something sent, so there may be more to do at this very time.
			if (actions.length > 0) continue;
			if (this.machine.ending !== null) break;
			const next = Math.min(this.machine.nextAt(this.now), ...due.map(({ at }) => at));
			if (next > until || !Number.isFinite(next)) break;
			this.now = next;
		}
		return this;
	}

	#perform(action: Action): { id: string; send: number } | null {
		if (action.kind === "open") {
			const port = action.port === 0 ? 5000 + this.sent.length : action.port;
			this.machine.socketOpened(action.socket, port);
		}
		if (action.kind === "servers") {
			for (let left = action.count; left > 0; left--) {
				const server = this.#servers.shift();
				if (server === undefined) this.machine.serversExhausted();
				else this.machine.serverFound({ ...server, isCapable: null }, "192.168.1.20");
			}
		}
		if (action.kind !== "send") return null;
		const { id, to, change } = action.probe;
		this.sent.push(`${this.now} ${id} ${to.ip}:${to.port}${change === "none" ? "" : ` change ${change}`}`);
		return { id, send: action.send };
	}
}

/** The answer of a conforming server to what gets through a cone NAT with the strictest filter. */
const cone = (id: string): ProbeReply | null => {
	const [role, server, what = ""] = id.split(":");
	const n = role === "train" ? 0 : Number(server);
	const primary = { ip: `8.40.${n}.1`, port: 3478 };
	const other = { ip: `9.40.${n}.2`, port: 3479 };
	if (role === "filter" || role === "hairpin") return null;
	const from = /^(contact-)?other-ip-and-port$|^both$/.test(what)
		? other
		: what === "other-ip"
			? { ip: other.ip, port: primary.port }
			: /port$/.test(what)
				? { ip: primary.ip, port: other.port }
				: primary;
	const mapped = { ip: EXTERNAL, port: role === "train" ? 20_000 + Number(what) : 40_000 };
	return { from, mapped, other, classic: false, errorStatus: null, unknownAttributes: [] };
};

describe("the plan", () => {
	it("first asks everybody, then tests filtering, before any other address is contacted", () => {
		expect(new Hand().runTo(40).sent).toEqual([
			"0 map:0:primary 8.40.0.1:3478",
			"3 map:1:primary 8.40.1.1:3478",
			"6 map:2:primary 8.40.2.1:3478",
			"9 map:3:primary 8.40.3.1:3478",
			"12 map:4:primary 8.40.4.1:3478",
			"15 filter:0:both 8.40.0.1:3478 change both",
			"18 filter:0:port 8.40.0.1:3478 change port",
			"21 filter:1:both 8.40.1.1:3478 change both",
			"24 filter:1:port 8.40.1.1:3478 change port",
			"27 filter:2:both 8.40.2.1:3478 change both",
			"30 filter:2:port 8.40.2.1:3478 change port",
		]);
	});

	it("asks two servers' other addresses once their first have answered", () => {
		const hand = new Hand().runTo(75, cone);
		expect(hand.sent.slice(11)).toEqual([
			"50 map:0:other-ip-and-port 9.40.0.2:3479",
			"53 map:1:other-ip-and-port 9.40.1.2:3479",
			"56 train:0:0 8.40.0.1:3478",
			"62 train:0:1 8.40.0.1:3478",
			"65 filter:0:both 8.40.0.1:3478 change both",
			"68 train:0:2 8.40.0.1:3478",
			"71 filter:0:port 8.40.0.1:3478 change port",
			"74 train:0:3 8.40.0.1:3478",
		]);
	});

	it("keeps the port train's pace, and sends nothing in between that could make a mapping", () => {
		const { sent } = new Hand().runTo(400, cone);
		const idOf = (line: string | undefined): string => line?.split(" ")[1] ?? "";
		const train = sent.flatMap((line, at) => (line.includes(" train:") ? [at] : []));
		expect(train).toHaveLength(16);
		const times = train.map((at) => Number(sent[at]?.split(" ")[0]));
		expect(times.map((at, index) => at - (times[0] ?? 0) - 6 * index)).toEqual(times.map(() => 0));
		const between = sent.slice(train[0], train[15]).filter((line) => !line.includes(" train:"));
		const before = sent.slice(0, train[0]).map(idOf);
		expect(between.length).toBeGreaterThan(0);
		for (const line of between) expect(before).toContain(idOf(line));
	});

	it("controls a silence by a socket that contacts the address whose reply is asked for, and does so first", () => {
		const { sent } = new Hand().runTo(600, cone);
		const control = sent.filter((line) => line.includes(" control:0:"));
		expect(control.map((line) => line.split(" ").slice(1).join(" ")).slice(0, 4)).toEqual([
			"control:0:contact-other-ip-and-port 9.40.0.2:3479",
			"control:0:both 8.40.0.1:3478 change both",
			"control:0:contact-other-port 8.40.0.1:3479",
			"control:0:port 8.40.0.1:3478 change port",
		]);
	});

	it("tests silence four times at least, on two servers, and looks once on a third", () => {
		const { sent } = new Hand().runTo(600, cone);
		const times = (id: string): number => sent.filter((line) => line.includes(` ${id} `)).length;
		expect(["filter:0:both", "filter:1:port", "filter:2:both"].map(times)).toEqual([4, 4, 4]);
		expect(times("filter:2:port")).toBe(2);
	});

	it("asks each server four times before it calls UDP blocked, and then stops", () => {
		const hand = new Hand().runTo(10_000);
		expect(hand.machine.ending).toBe("blocked");
		expect(hand.now).toBe(2900);
		for (const n of [0, 1, 2, 3, 4]) {
			expect(hand.sent.filter((line) => line.includes(` map:${n}:primary `))).toHaveLength(4);
		}
		expect(hand.sent.length).toBeLessThanOrEqual(60);
		expect(hand.machine.step(hand.now)).toEqual([]);
	});

	it("ends when the mapping socket cannot be made, and when its time is up", () => {
		const broken = new Hand();
		broken.machine.step(0);
		broken.machine.socketFailed("map", "EMFILE");
		broken.machine.step(1);
		expect([broken.machine.ending, broken.machine.snapshot().socketFailure]).toEqual(["no-socket", "EMFILE"]);
		const slow = new Hand().runTo(10_000, (id) => (id === "map:0:primary" ? cone(id) : null));
		expect(slow.machine.ending).not.toBeNull();
		expect(slow.now).toBeLessThanOrEqual(5000);
	});

	it("does not take a network that refuses to send for a blocked one", () => {
		const hand = new Hand().runTo(20);
		const refuse = (): void => {
			for (const n of [0, 1, 2, 3, 4]) hand.machine.sendFailed(`map:${n}:primary`, "ENETUNREACH");
		};
		refuse();
		hand.runTo(900);
		expect(hand.machine.ending).toBeNull();
		refuse();
		hand.runTo(6000);
		expect([hand.machine.ending, hand.now <= 1000]).toEqual(["refused", true]);
	});
});
