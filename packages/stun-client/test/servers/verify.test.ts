import type { Endpoint } from "@p2pd/net";
import { buildNetwork, ManualClock, oneGateway } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import { resolveStunServers, stunOtherAddressProblem, verifyStunServer } from "../../src/index.js";
import { createStunResponder } from "../../src/server.js";
import { answering, dead, liar, server, type WorldServer, world } from "../support/world.js";

const verify = (one: WorldServer) => {
	const net = world([one]);
	const run = verifyStunServer(
		{ server: server(0) },
		{ sockets: net.host("client").sockets(4), clock: net.clock, random: net.random.bytes },
	);
	return net.clock.runUntil(run);
};

describe("the second address of a server", () => {
	const asked = { ip: "8.8.8.8", port: 3478 };
	it.each<[Endpoint, string | undefined]>([
		[{ ip: "9.9.9.9", port: 3479 }, undefined],
		[{ ip: "8.8.8.8", port: 3479 }, "same IP"],
		[{ ip: "9.9.9.9", port: 3478 }, "same port"],
		[{ ip: "10.0.0.2", port: 3479 }, "is private, while it is itself public"],
		[{ ip: "127.0.0.1", port: 3479 }, "is loopback, while it is itself public"],
		[{ ip: "2001:4860::1", port: 3479 }, "another family"],
	])("%j", (other, problem) => {
		const found = stunOtherAddressProblem(asked, other);
		if (problem === undefined) expect(found).toBeNull();
		else expect(found).toContain(problem);
	});

	it("may be private where the first is", () => {
		expect(stunOtherAddressProblem({ ip: "10.0.0.1", port: 1 }, { ip: "192.168.0.1", port: 2 })).toBeNull();
	});
});

describe("verifying a server", () => {
	it("finds what it serves", async () => {
		expect(await verify({ link: { latency: 20 } })).toMatchObject({
			ok: true,
			features: ["rfc5780", "rfc3489"],
			mapped: { ip: "82.1.1.9" },
			software: "p2pd",
			problems: [],
		});
	});

	it("works behind a NAT that filters by address and port", async () => {
		const clock = new ManualClock();
		const nat = {
			kind: "nat",
			mapping: "address-and-port-dependent",
			filtering: "address-and-port-dependent",
		} as const;
		const net = buildNetwork(oneGateway(nat), {
			clock,
			services: {
				stun: ({ primary, alternate }) =>
					createStunResponder({ primary, ...(alternate === null ? {} : { alternate }), rate: 0 }, { clock }),
			},
		});
		const run = verifyStunServer(
			{ server: { ip: "8.40.1.1", port: 3478 } },
			{ sockets: net.host("client").sockets(4), clock, random: net.random.bytes },
		);
		// A NAT that maps each destination anew drops answers from elsewhere, whatever was asked before.
		expect(await clock.runUntil(run)).toMatchObject({ ok: true, features: [] });
		const cone = buildNetwork(oneGateway({ ...nat, mapping: "endpoint-independent" }), {
			clock,
			services: {
				stun: ({ primary, alternate }) =>
					createStunResponder({ primary, ...(alternate === null ? {} : { alternate }), rate: 0 }, { clock }),
			},
		});
		const second = verifyStunServer(
			{ server: { ip: "8.40.1.1", port: 3478 } },
			{ sockets: cone.host("client").sockets(4), clock, random: cone.random.bytes },
		);
		expect(await clock.runUntil(second)).toMatchObject({ ok: true, features: ["rfc5780", "rfc3489"] });
	});

	it.each<[string, WorldServer, string]>([
		["is dead", { handler: dead }, "no answer"],
		["lies plainly", { handler: liar("192.168.1.1") }, "is public, but answered with 192.168.1.1"],
		[
			"answers with an error",
			{
				handler: answering(() => ({
					class: "error",
					attributes: [{ name: "ERROR-CODE", value: { status: 500, reason: "no" } }],
				})),
			},
			"500",
		],
		[
			"says that it answers from elsewhere",
			{
				handler: answering((_request, from) => ({
					class: "success",
					attributes: [
						{ name: "XOR-MAPPED-ADDRESS", value: from },
						{ name: "RESPONSE-ORIGIN", value: { ip: "9.9.9.9", port: 1 } },
					],
				})),
			},
			"claims to answer from 9.9.9.9:1",
		],
	])("does not trust one that %s", async (_name, one, problem) => {
		const found = await verify(one);
		expect(found).toMatchObject({ ok: false, features: [] });
		expect(found.problems.join()).toContain(problem);
	});

	it("does not take a second address for served that never answers", async () => {
		const lazy = answering((_request, from) => ({
			class: "success",
			attributes: [
				{ name: "XOR-MAPPED-ADDRESS", value: from },
				{ name: "OTHER-ADDRESS", value: { ip: "9.9.77.2", port: 3479 } },
			],
		}));
		const found = await verify({ handler: lazy });
		expect(found).toMatchObject({ ok: true, features: [] });
		expect(found.problems).toHaveLength(2);
	});
});

describe("resolving servers", () => {
	it("keeps one of two names for one address, and reports what has none", async () => {
		const lookup = async (host: string): Promise<string[]> => {
			if (host === "broken") throw new Error("SERVFAIL");
			return host === "v6" ? ["2001:db8::1"] : ["2001:db8::1", "192.0.2.1"];
		};
		const specs = ["a", "b", "v6", "broken", "192.0.2.9"].map((host) => ({ host, port: 3478 }));
		const { servers, failures } = await resolveStunServers(specs, { af: 4 }, { resolver: lookup });
		expect(servers.map(({ spec, ip }) => [spec.host, ip])).toEqual([
			["a", "192.0.2.1"],
			["192.0.2.9", "192.0.2.9"],
		]);
		expect(failures.map(({ spec, error }) => [spec.host, (error as Error).message])).toEqual([
			["v6", "v6 has no IPv4 address"],
			["broken", "SERVFAIL"],
		]);
	});
});
