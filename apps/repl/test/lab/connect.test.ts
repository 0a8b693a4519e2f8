import { describeLab } from "@p2pd/testnet/lab";
import { afterEach, expect, it } from "vitest";
import { PeerLab, pairTopology } from "../support/peer-lab.js";

describeLab("p2pd connect between two kernel NATs", () => {
	let peers: PeerLab | null = null;
	afterEach(async () => {
		await peers?.close();
		peers = null;
	});

	it("punches through two port-restricted NATs", { timeout: 60_000 }, async () => {
		peers = await PeerLab.build(pairTopology("homeRouter", "homeRouter"));
		const broker = await peers.broker();
		const node = await peers.node("b", ["--signal", broker.url, "--echo"]);
		const report = await peers.connect("a", node.address);
		expect(report, JSON.stringify(report, null, 1)).toMatchObject({
			code: 0,
			path: "punch",
			transport: "tcp",
		});
		expect(report.rttMs).toBeGreaterThan(0);
	});
});
