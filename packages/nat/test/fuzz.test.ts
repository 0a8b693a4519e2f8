import { SeededRandom } from "@p2pd/testnet";
import { expect, it, vi } from "vitest";
import * as bad from "./scenes/bad-servers.js";
import { CASES, runCase } from "./scenes/matrix.js";
import { dead, liar, type Scene, type Wrap } from "./scenes/scene.js";

vi.setConfig({ testTimeout: 600_000 });

const LIE = { ip: "81.2.69.160", port: 40_404 };
const BAD: Readonly<Record<string, Wrap>> = {
	dead,
	lying: liar(LIE),
	ignoresChange: bad.ignoresChange,
	dropsChange: bad.dropsChange,
	fakesSilence: bad.fakesSilence,
	singleAddress: bad.singleAddress,
	wrongSource: bad.wrongSource,
	wrongId: bad.wrongId,
	garbage: bad.garbage,
	refuses: bad.refuses,
	twice: bad.twice,
	slow: bad.slow(400),
};
const KINDS = Object.keys(BAD);

/** A network of any kind, with two bad servers of five at most. */
function anyScene(random: SeededRandom): { scene: Omit<Scene, "gateway">; text: string } {
	const wraps: Record<number, Wrap> = {};
	const named: string[] = [];
	for (let count = random.int(0, 2); count > 0; count--) {
		const kind = KINDS[random.int(0, KINDS.length - 1)] ?? "dead";
		const server = random.int(0, 4);
		wraps[server] = BAD[kind] ?? dead;
		named.push(`${server} ${kind}`);
	}
	const rtt = [5, 50, 200, 400][random.int(0, 3)] ?? 50;
	const loss = [0, 0.01, 0.05, 0.1][random.int(0, 3)] ?? 0;
	const link = random.chance(0.5) ? { jitter: random.int(0, 40), duplicate: 0.05, reorder: 0.05 } : {};
	return {
		scene: { rtt, loss, link, bad: wraps },
		text: `${rtt} ms, ${loss} loss, ${JSON.stringify(link)}, ${named.join(" and ")}`,
	};
}

/** 2000 networks with P2PD_LONG=1; a few otherwise. */
const RUNS = process.env["P2PD_LONG"] === "1" ? 2000 : 100;

it("is never wrong, whatever the NAT, the network, and two servers of five are like", async () => {
	const wrong: string[] = [];
	let unknown = 0;
	for (let seed = 1; seed <= RUNS; seed++) {
		const random = new SeededRandom(`fuzz ${seed}`);
		const truth = CASES[random.int(0, CASES.length - 1)];
		if (truth === undefined) continue;
		const { scene, text } = anyScene(random);
		const { report, judged, took, datagrams } = await runCase(truth, { ...scene, seed });
		if (judged.type === "unknown") unknown++;
		if (judged.type === "wrong" || judged.behaviour === "wrong" || judged.delta === "wrong") {
			wrong.push(
				`${seed}: ${truth.name}, ${text}: ${report.delta.type} ${report.delta.value} ${report.reason}`,
			);
		}
		if (took > 5000 || datagrams > 120) wrong.push(`${seed}: ${took} ms, ${datagrams} datagrams`);
	}
	expect(wrong).toEqual([]);
	expect(unknown).toBeLessThanOrEqual(RUNS * 0.05);
});
