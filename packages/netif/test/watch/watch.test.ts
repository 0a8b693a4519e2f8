import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import {
	Interface,
	type InterfacesEvent,
	type NicSnapshot,
	type WatchOptions,
	watchInterfaces,
} from "../../src/index.js";
import { scene } from "../support/memory.js";
import { type NicSpec, netifacesOf, nic, snapshot } from "../support/snapshots.js";

const eth0: NicSpec = {
	name: "eth0",
	index: 2,
	addresses: ["192.168.1.20/24"],
	gateways: { 4: "192.168.1.1" },
};
const one = snapshot([nic(eth0)]);
const moved = snapshot([nic({ ...eth0, addresses: ["192.168.1.21/24"] })]);
const more = snapshot([nic({ ...eth0, addresses: ["192.168.1.21/24", "2a02::21/64"] })]);

/** A watch over a host that shows `host.now`, on a clock that only moves when it is told to. */
function watched(options: WatchOptions = {}, glance: (() => string) | null = null) {
	const clock = new ManualClock();
	const host = { now: one as NicSnapshot, looks: 0, asleep: 0, fail: null as Error | null };
	const events = watchInterfaces(options, {
		enumerate: async () => {
			host.looks++;
			if (host.fail) throw host.fail;
			return host.now;
		},
		glance,
		clock,
		wallNow: () => clock.now() + host.asleep,
	});
	const types = ({ changes }: InterfacesEvent): string[] => changes.map(({ type }) => type);
	const next = async (): Promise<InterfacesEvent> => {
		const { value } = await clock.runUntil(events.next(), 60_000);
		if (!value) throw new Error("the watch has ended");
		return value;
	};
	return { clock, host, events, next, types };
}

describe("watchInterfaces()", () => {
	it("tells a difference, once", async () => {
		const { clock, host, events, next, types } = watched();
		const first = next();
		await clock.advance(0);
		host.now = moved;
		const event = await first;
		expect(types(event)).toEqual(["address-removed", "address-added"]);
		expect(event).toMatchObject({ cause: "change", snapshot: moved });
		const looks = host.looks;
		const second = events.next();
		await clock.advance(10_000);
		expect(host.looks).toBe(looks + 10);
		host.now = one;
		expect((await clock.runUntil(second)).value?.changes).toHaveLength(2);
		await events.return();
	});

	it("waits until the NICs keep still: one renewal is one event", async () => {
		const { clock, host, events, next, types } = watched({ interval: 1000, debounce: 250 });
		const first = next();
		await clock.advance(0);
		host.now = moved;
		clock.setTimeout(() => {
			host.now = more;
		}, 1100);
		const event = await first;
		expect(types(event)).toEqual(["address-removed", "address-added", "address-added"]);
		expect(clock.now()).toBe(1500);
		await events.return();
	});

	it("does not tell a difference that was gone again", async () => {
		const { clock, host, events } = watched();
		const first = events.next();
		await clock.advance(0);
		host.now = moved;
		clock.setTimeout(() => {
			host.now = one;
		}, 1100);
		let done = false;
		first.then(() => {
			done = true;
		});
		await clock.advance(20_000);
		expect(done).toBe(false);
		host.now = moved;
		await clock.runUntil(first);
		await events.return();
	});

	it("does not wait for ever for NICs that never keep still", async () => {
		const { clock, host, events, next } = watched();
		const first = next();
		await clock.advance(0);
		let n = 0;
		const flap = (): void => {
			host.now = snapshot([nic({ ...eth0, addresses: [`10.0.0.${++n}/24`] })]);
			if (n < 200) clock.setTimeout(flap, 100);
		};
		flap();
		await first;
		expect(clock.now()).toBeLessThanOrEqual(1000 + 2000 + 250);
		await events.return();
	});

	it("looks after a sleep and says so, changed or not", async () => {
		const { clock, host, events, next } = watched({}, () => "the same");
		const first = next();
		await clock.advance(3000);
		expect(host.looks).toBe(1);
		host.asleep = 3_600_000;
		expect(await first).toMatchObject({ cause: "wake", changes: [] });
		const second = next();
		await clock.advance(0);
		host.now = moved;
		host.asleep += 10_000;
		expect(await second).toMatchObject({ cause: "wake", changes: [{}, {}] });
		await events.return();
	});

	it("looks after a sleep through which the steady clock went on", async () => {
		const clock = new ManualClock();
		let skipped = 0;
		const steady = {
			now: () => clock.now() + skipped,
			setTimeout: (fn: () => void, ms: number) => clock.setTimeout(fn, ms),
			clearTimeout: (handle: unknown) => clock.clearTimeout(handle),
		};
		const events = watchInterfaces(
			{},
			{ enumerate: async () => one, glance: () => "", clock: steady, wallNow: () => steady.now() },
		);
		const first = events.next();
		await clock.advance(500);
		skipped = 60_000;
		expect((await clock.runUntil(first)).value).toMatchObject({ cause: "wake" });
		await events.return();
	});

	it("where a look is dear, takes one only when a glance differs, or now and then", async () => {
		let glance = "a";
		const { clock, host, events, next } = watched({ fullInterval: 15_000 }, () => glance);
		const first = next();
		await clock.advance(14_500);
		expect(host.looks).toBe(1);
		await clock.advance(1000);
		expect(host.looks).toBe(2);
		host.now = moved;
		glance = "b";
		const event = await first;
		expect(event.cause).toBe("change");
		expect(clock.now()).toBeLessThan(17_000);
		await events.return();
	});

	it("ends with its signal, without an error and without a timer left", async () => {
		const stop = new AbortController();
		const { clock, events } = watched({ signal: stop.signal });
		const first = events.next();
		await clock.advance(100);
		stop.abort();
		expect(await first).toEqual({ done: true, value: undefined });
		const already = watched({ signal: stop.signal });
		expect(await already.events.next()).toEqual({ done: true, value: undefined });
		expect(already.host.looks).toBe(0);
	});

	it("throws what a look throws", async () => {
		const { clock, host, events } = watched();
		const first = events.next();
		await clock.advance(0);
		host.fail = new Error("the OS refuses");
		await expect(clock.runUntil(first)).rejects.toThrow("the OS refuses");
	});
});

describe("an interface refreshed from a watch", () => {
	const topology = {
		outside: ["8.41.1.1", "8.42.1.1"].map((ip, i) => ({
			name: `s${i}`,
			ips: [ip],
			services: [{ kind: "stun" as const, port: 3478 }],
		})),
		gateways: [],
		hosts: [
			{
				name: "client",
				nics: [{ name: "eth0", addresses: ["82.1.1.20/24", "82.1.1.21/24"], gateway: null }],
			},
		],
	};
	const at = (ip: string) =>
		snapshot([nic({ ...eth0, addresses: [`${ip}/24`], gateways: { 4: "82.1.1.1" } })]);

	it("has new routes after a change of its own, and does nothing for another NIC's", async () => {
		const place = scene(topology, []);
		const before = at("82.1.1.20");
		const netifaces = netifacesOf(before);
		const made = new Interface(
			"eth0",
			{ netifaces, stunServers: place.servers(4), families: [4] },
			place.deps,
		);
		await place.clock.runUntil(made.start());
		expect(`${made.route()}`).toBe("[82.1.1.20/32] -> [82.1.1.20/32]");

		const sent = place.sent();
		const info = nic({ name: "eth7" });
		const elsewhere = {
			cause: "change",
			changes: [{ type: "nic-added", nic: "eth7", info }],
			snapshot: before,
		} as const;
		await made.refresh({ event: elsewhere });
		expect(place.sent()).toBe(sent);

		const after = at("82.1.1.21");
		const address = after.nics[0]?.addresses[0];
		if (!address) throw new Error("no address");
		const own = {
			cause: "change",
			changes: [{ type: "address-added", nic: "eth0", address }],
			snapshot: after,
		} as const;
		await place.clock.runUntil(made.refresh({ event: own }));
		expect(`${made.route()}`).toBe("[82.1.1.21/32] -> [82.1.1.21/32]");
		await place.clock.runUntil(made.refresh({ event: { cause: "wake", changes: [], snapshot: before } }));
		expect(`${made.route()}`).toBe("[82.1.1.20/32] -> [82.1.1.20/32]");
		const gone = {
			cause: "change",
			changes: [{ type: "nic-removed", nic: "eth0", info }],
			snapshot: snapshot([]),
		} as const;
		await expect(made.refresh({ event: gone })).rejects.toMatchObject({ code: "ERR_NETIF_NOT_FOUND" });
	});
});
