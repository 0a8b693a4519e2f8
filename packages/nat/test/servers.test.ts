import { ManualClock } from "@p2pd/testnet";
import { describe, expect, it } from "vitest";
import type { NatServer } from "../src/index.js";
import { ServerSource } from "../src/servers.js";
import { buildScene } from "./scenes/scene.js";

const NAMES: Readonly<Record<string, readonly string[]>> = {
	"a.example": ["8.1.1.1"],
	"b.example": ["8.1.1.2", "8.1.1.3"],
	"six.example": [],
};

async function resolve(
	servers: readonly NatServer[],
	count = 3,
	signal = new AbortController().signal,
): Promise<string[]> {
	const clock = new ManualClock();
	const source = new ServerSource(
		servers,
		{ timeout: 1000 },
		{
			sockets: buildScene({ gateway: { kind: "router" } })
				.host("client")
				.sockets(4),
			clock,
			resolve: async (host) => {
				if (host === "slow.example") return new Promise<never>(() => undefined);
				const ips = NAMES[host];
				if (ips === undefined) throw new Error("ENOTFOUND");
				return ips;
			},
		},
	);
	const found = await clock.runUntil(Promise.all(Array.from({ length: count }, () => source.next(signal))));
	return found.flatMap((server) => (server === null ? [] : [`${server.ip} ${server.port}`]));
}

describe("servers", () => {
	it("takes texts, names and addresses, in their order", async () => {
		const given = ["b.example:3479", { host: "a.example", port: 1 }, { ip: "8.8.8.8", port: 2 }];
		expect(await resolve(given)).toEqual(["8.1.1.2 3479", "8.1.1.1 1", "8.8.8.8 2"]);
		expect(await resolve(["a.example"])).toEqual(["8.1.1.1 3478"]);
	});

	it("leaves out what has no address, takes too long, or comes twice, and goes on down the list", async () => {
		const given = [
			"slow.example",
			"none.example",
			"six.example",
			"2a00::1",
			"a.example",
			"8.1.1.1:3478",
			"8.8.4.4",
		];
		expect(await resolve(given)).toEqual(["8.1.1.1 3478", "8.8.4.4 3478"]);
	});

	it("gives out those first that are marked as able to answer from a second address", async () => {
		const given = [
			{ host: "8.0.0.1", port: 1 },
			{ host: "8.0.0.2", port: 2, features: ["rfc5780"] },
			{ host: "8.0.0.3", port: 3, features: [] },
			{ host: "8.0.0.4", port: 4, features: ["rfc3489"] },
		];
		expect(await resolve(given, 4)).toEqual(["8.0.0.2 2", "8.0.0.4 4", "8.0.0.1 1", "8.0.0.3 3"]);
	});

	it("is aborted by the signal", async () => {
		const stop = new AbortController();
		stop.abort(new Error("enough"));
		await expect(resolve(["slow.example"], 1, stop.signal)).rejects.toThrow("enough");
	});
});
