import { describeLab, type LabProcess } from "@p2pd/testnet/lab";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PeerLab, pairTopology, SIGNAL_HOST } from "../support/peer-lab.js";

const [RELAY] = SIGNAL_HOST.ips;
const TURN = `turn:me:secret@${RELAY}:3478`;

/** coturn beside the signal server. */
async function startRelay({ lab }: PeerLab): Promise<LabProcess> {
	const relay = lab.spawn(SIGNAL_HOST.name, "turnserver", [
		...[
			"-n",
			`--listening-ip=${RELAY}`,
			`--relay-ip=${RELAY}`,
			"--listening-port=3478",
			"--no-tls",
			"--no-dtls",
		],
		...["--lt-cred-mech", "--user=me:secret", "--realm=lab", "--no-cli", "--log-file=stdout", "--simple-log"],
		...["-m", "1", "--pidfile=", "--userdb=/tmp/p2pd-lab-turndb"],
	]);
	await vi.waitFor(() => expect(relay.output().stdout).toContain("SQLite"), {
		timeout: 10_000,
		interval: 50,
	});
	return relay;
}

describeLab("p2pd connect --via relay, between two symmetric NATs with random ports", () => {
	let peers: PeerLab;
	beforeEach(async () => {
		peers = await PeerLab.build(pairTopology("symmetricRouter", "symmetricRouter"));
		await startRelay(peers);
	}, 60_000);
	afterEach(() => peers.close());

	it.each([
		["the dialer", "tcp", ["--turn", TURN], []],
		["the other side", "tcp", [], ["--turn", TURN]],
		["the dialer", "udp", ["--turn", TURN], []],
	])("with a relay of %s, by %s", { timeout: 60_000 }, async (_whose, transport, dialer, answerer) => {
		const broker = await peers.broker();
		const node = await peers.node("b", ["--signal", broker.url, "--echo", ...answerer]);
		const ours = ["--via", "relay", "--transport", transport, ...dialer];
		const report = await peers.connect("a", node.address, ours);
		expect(report, JSON.stringify(report, null, 1)).toMatchObject({ code: 0, path: "relay", transport });
		expect(report.rttMs).toBeGreaterThan(0);
	});

	it("as the last way of all, when nothing else leads there", { timeout: 60_000 }, async () => {
		const broker = await peers.broker();
		const node = await peers.node("b", ["--signal", broker.url, "--echo"]);
		const report = await peers.connect("a", node.address, ["--turn", TURN]);
		expect(report, JSON.stringify(report, null, 1)).toMatchObject({ code: 0, path: "relay" });
	});
});
