import { decodeMessage, encodeMessage } from "@p2pd/stun-client/codec";
import type { Dependence, MemoryNetwork, NatSpec } from "@p2pd/testnet";
import { describe, expect, it, vi } from "vitest";
import { type Run, runScene } from "./scenes/scene.js";

// Virtual time costs little real time, but tests share the machine with others.
vi.setConfig({ testTimeout: 120_000 });

const nat = (mapping: Dependence): NatSpec => ({
	kind: "nat",
	mapping,
	filtering: "address-and-port-dependent",
});

/** Makes STUN servers answer over TCP as well, on both their ports; by default all of them. */
const withTcp =
	(names: readonly string[] = ["stun0", "stun1", "stun2", "stun3", "stun4"], answer = true) =>
	(network: MemoryNetwork): void => {
		for (const name of names) {
			for (const port of [3478, 3479]) {
				void network
					.host(name)
					.sockets(4)
					.listen({ port })
					.then((server) => {
						server.on("connection", (socket) => {
							socket.on("error", () => socket.destroy());
							socket.on("data", (data) => {
								const { transactionId } = decodeMessage(data);
								const value = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
								const attributes = [{ name: "XOR-MAPPED-ADDRESS" as const, value }];
								socket.write(
									answer
										? encodeMessage({ class: "success", transactionId, attributes })
										: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
								);
							});
						});
					});
			}
		}
	};

const tcp = ({ report }: Run): string => report.tcp.mapping;

describe("the mapping of TCP", () => {
	it.each([
		["endpoint-independent", "endpoint-independent"],
		["address-dependent", "varies"],
		["address-and-port-dependent", "varies"],
	] as const)("behind %s mapping is %s", async (mapping, expected) => {
		const run = await runScene({ gateway: nat(mapping), prepare: withTcp() });
		expect([run.report.tcp.reason, tcp(run)]).toEqual([expect.any(String), expected]);
		expect(run.took).toBeLessThanOrEqual(3 * 50 + 400);
	});

	it("is asked of another server where the first does not serve TCP", async () => {
		const run = await runScene({ gateway: nat("endpoint-independent"), prepare: withTcp(["stun1"]) });
		expect(tcp(run)).toBe("endpoint-independent");
	});

	it("stays unknown where nobody serves it, or something else answers", async () => {
		const nobody = await runScene({ gateway: nat("endpoint-independent") });
		expect([tcp(nobody), nobody.report.tcp.reason]).toEqual([
			"unknown",
			expect.stringContaining("ECONNREFUSED"),
		]);
		const web = await runScene({ gateway: nat("endpoint-independent"), prepare: withTcp(undefined, false) });
		expect([tcp(web), web.report.type]).toEqual(["unknown", 5]);
	});
});
