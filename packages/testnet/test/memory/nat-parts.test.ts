import { describe, expect, it } from "vitest";
import {
	buildNetwork,
	type NatSpec,
	oneGateway,
	type PortAllocation,
	SeededRandom,
} from "../../src/index.js";
import { Contacts } from "../../src/memory/gateway/filtering.js";
import { PortAllocator } from "../../src/memory/gateway/port-allocator.js";

const A = { ip: "8.8.8.8", port: 53 };
const B = { ip: "9.9.9.9", port: 53 };

describe("Contacts that only inbound traffic keeps", () => {
	const make = (): Contacts => {
		const contacts = new Contacts("address-dependent", { ms: 100, refresh: "inbound" }, 0);
		contacts.sent(A, 0);
		return contacts;
	};

	it("are not kept by sending again", () => {
		const contacts = make();
		contacts.sent(B, 10);
		expect(contacts.admits(B, 60)).toBe(true);
		contacts.sent(A, 90);
		// B's answer kept the whole alive; A was spoken to, but never answered.
		expect([contacts.isAlive(120), contacts.admits(A, 120)]).toEqual([true, false]);
	});

	it("are not kept by speaking to somebody new", () => {
		const contacts = make();
		contacts.sent(B, 90);
		expect(contacts.isAlive(120)).toBe(false);
	});
});

describe("PortAllocator", () => {
	const make = (allocation: PortAllocation, ports: readonly [number, number], seed = 1): PortAllocator =>
		new PortAllocator(allocation, "next-free", ports, new SeededRandom(seed));

	it("preserving: keeps to the first distance after a collision", () => {
		const allocator = make({ kind: "preserving" }, [10_000, 60_000]);
		const first = allocator.pick(20_000, () => false) ?? 0;
		const taken = first + 1;
		expect(allocator.pick(20_001, (port) => port === taken)).toBe(first + 2);
		expect(allocator.pick(20_005, () => false)).toBe(first + 5);
	});

	it("preserving: never starts at the local port, which would be equal", () => {
		for (let seed = 0; seed < 50; seed++) {
			expect(make({ kind: "preserving" }, [5000, 5001], seed).pick(5000, () => false)).toBe(5001);
		}
	});

	it("independent: counts on from where a collision has led", () => {
		const allocator = make({ kind: "independent", step: 3 }, [10_000, 60_000]);
		const first = allocator.pick(1, () => false) ?? 0;
		expect(allocator.pick(2, (port) => port === first + 3)).toBe(first + 4);
		expect(allocator.pick(3, () => false)).toBe(first + 7);
	});

	it("equal: a local port outside of the range takes the first free one in it", () => {
		const allocator = make({ kind: "equal" }, [5000, 5003]);
		expect(allocator.pick(9999, (port) => port === 5000)).toBe(5001);
		expect(allocator.pick(9999, () => true)).toBeNull();
	});
});

describe("a NAT's TCP mappings", () => {
	it("outlive those of UDP", async () => {
		const spec: NatSpec = {
			kind: "nat",
			mapping: "endpoint-independent",
			filtering: "address-and-port-dependent",
			lifetime: { ms: 1000, refresh: "both" },
		};
		const network = buildNetwork(oneGateway(spec), { services: { stun: () => () => [] } });
		const server = await network.host("stun0").sockets(4).listen({ port: 80 });
		const got: string[] = [];
		server.on("connection", (peer) => peer.on("data", (data) => got.push(String(data))));
		const client = await network.clock.runUntil(
			network.host("client").sockets(4).connect({ ip: "8.40.1.1", port: 80 }),
		);
		await network.clock.advance(600_000);
		client.write("still here");
		await network.clock.advance(1000);
		expect(got).toEqual(["still here"]);
	});
});
