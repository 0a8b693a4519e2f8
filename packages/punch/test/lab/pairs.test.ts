import {
	buildLab,
	describeLab,
	homeRouter,
	ipv6Firewall,
	type Lab,
	openInternet,
	peersLab,
	symmetricRouter,
} from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";
import { kindName, natKind, type PunchNat } from "../../src/index.js";
import { LabPeer, punchPair } from "./peers.js";

/** A part of `npm run pairs:lab`: real kernels' NATs, real STUN servers, each peer in a process of its own. */
describeLab("pairs of kernel NATs", () => {
	const presets = {
		"home-a": homeRouter(),
		"home-b": homeRouter(),
		symmetric: symmetricRouter(),
		open: openInternet(),
		"firewall-a": ipv6Firewall(),
		"firewall-b": ipv6Firewall(),
	};
	let lab: Lab;
	const peers = new Map<string, LabPeer>();
	const nats = new Map<string, PunchNat>();

	beforeAll(async () => {
		lab = await buildLab(peersLab(presets));
		for (const name of Object.keys(presets)) {
			const peer = await LabPeer.start(lab, name);
			peers.set(name, peer);
			nats.set(name, await peer.discover(name.startsWith("firewall") ? 6 : 4));
		}
	}, 60_000);

	afterAll(async () => {
		await Promise.all([...peers.values()].map((peer) => peer.stop()));
		await lab?.close();
	});

	it("are seen as what they are", () => {
		const kinds = [...nats].map(([name, nat]) => `${name}: ${kindName(natKind(nat, "udp"))}`);
		expect(kinds).toEqual([
			"home-a: port-restricted/equal",
			"home-b: port-restricted/equal",
			"symmetric: symmetric/random",
			"open: open",
			"firewall-a: firewall",
			"firewall-b: firewall",
		]);
	});

	it.each([
		["udp", "home-a", "home-b", 4],
		["tcp", "home-a", "home-b", 4],
		["udp", "home-a", "open", 4],
		["tcp", "open", "symmetric", 4],
		["udp", "open", "symmetric", 4],
		["udp", "firewall-a", "firewall-b", 6],
		["tcp", "firewall-a", "firewall-b", 6],
	] as const)("are punched over %s: %s and %s, IPv%i", async (transport, first, second, af) => {
		const [one, two] = [peers.get(first)!, peers.get(second)!];
		const [x, y] = await punchPair(one, two, [nats.get(first)!, nats.get(second)!], { af, transport });
		expect([x, y]).toMatchObject([
			{ ok: true, heard: `I am ${second}` },
			{ ok: true, heard: `I am ${first}` },
		]);
	});

	it("are punched by guessing the ports of a random NAT over UDP, within the budget", async () => {
		const [one, two] = [peers.get("home-a")!, peers.get("symmetric")!];
		// One in 80 fails by chance: with three tries one in half a million.
		for (let attempt = 1; ; attempt++) {
			const pair = [nats.get("home-a")!, nats.get("symmetric")!] as const;
			const [x, y] = await punchPair(one, two, pair, { af: 4, transport: "udp" });
			expect(x.report.guesses).toBeLessThanOrEqual(1100);
			expect(x.report.plan.rule).toBe("birthday");
			if (x.ok && y.ok) break;
			expect(attempt).toBeLessThan(3);
		}
	});

	it("need a relay where neither port can be known, and say so at once", async () => {
		const [one, two] = [peers.get("home-a")!, peers.get("symmetric")!];
		const pair = [nats.get("home-a")!, nats.get("symmetric")!] as const;
		const both = await punchPair(one, two, pair, { af: 4, transport: "tcp" });
		for (const result of both) {
			expect(result).toMatchObject({
				ok: false,
				reason: "relay",
				rule: "random-against-port-restricted-tcp",
			});
			expect(result.report.sent).toBe(0);
		}
	});
});
