import { describeLab } from "@p2pd/testnet/lab";
import { afterEach, expect, it } from "vitest";
import { type ConnectReport, PeerLab, type Preset, pairTopology } from "../support/peer-lab.js";
import { checked } from "../support/schema.js";

/** Pairs of the laboratory's networks (dialer, answerer), and the ways by which they may meet. `npm run matrix` runs all of them. */
const PAIRS: readonly (readonly [Preset, Preset, "tcp" | "udp", readonly string[]])[] = [
	["homeRouter", "homeRouter", "tcp", ["punch"]],
	["homeRouter", "homeRouter", "udp", ["punch"]],
	["homeRouter", "openInternet", "tcp", ["direct"]],
	["openInternet", "homeRouter", "tcp", ["reverse"]],
	["symmetricRouter", "openInternet", "udp", ["direct"]],
	["ipv6Only", "ipv6Firewall", "tcp", ["punch"]],
];

describeLab("p2pd connect between two kernel NATs", () => {
	let peers: PeerLab | null = null;
	afterEach(async () => {
		await peers?.close();
		peers = null;
	});

	it.each(PAIRS)(
		"%s to %s over %s: by %j",
		{ timeout: 90_000 },
		async (dialer, answerer, transport, paths) => {
			peers = await PeerLab.build(pairTopology(dialer, answerer));
			const family = [dialer, answerer].some((preset) => preset.startsWith("ipv6")) ? 6 : 4;
			const broker = await peers.broker(family);
			const node = await peers.node("b", ["--signal", broker.url]);
			const report = await peers.connect("a", node.address, ["--transport", transport]);
			expect(paths, told(report)).toContain(report.path);
			expect(report.code).toBe(0);
			expect(report.rttMs).toBeGreaterThan(0);
			checked("connect", report.stdout);
		},
	);

	it("says why not, way by way, between two NATs with random ports", { timeout: 90_000 }, async () => {
		peers = await PeerLab.build(pairTopology("symmetricRouter", "symmetricRouter"));
		const broker = await peers.broker(4);
		const node = await peers.node("b", ["--signal", broker.url]);
		const report = await peers.connect("a", node.address);
		expect(report, told(report)).toMatchObject({ code: 1, path: null, rttMs: null });
		expect(report.ms).toBeLessThan(10_000);
		expect(report.attempts.every(({ reason }) => reason !== null && reason !== "")).toBe(true);
	});
});

function told(report: ConnectReport): string {
	return JSON.stringify(report.attempts, null, 1);
}
