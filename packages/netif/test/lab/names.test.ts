import { buildLab, describeLab, multiHomed } from "@p2pd/testnet/lab";
import { expect, it } from "vitest";
import type { run } from "./scenarios/load.js";

const LOAD = new URL("./scenarios/load.ts", import.meta.url);

/** STUN servers by name. The laboratory's DNS server knows them, and its hosts name it in /etc/resolv.conf. */
const names = { "a.stun.test": ["194.9.10.11"], "b.stun.test": ["195.8.20.21"] };

describeLab("names of STUN servers", () => {
	it("leave by the NIC that was asked, and by no other one", async () => {
		const lab = await buildLab({ ...multiHomed(), names });
		try {
			const capture = async (nic: string) => {
				const dump = lab.spawn("client", "tcpdump", ["-i", nic, "-n", "-l", "-U", "udp or tcp"]);
				await new Promise<void>((ready, reject) => {
					dump.stderr.on("data", () => {
						if (/listening on/.test(dump.output().stderr)) ready();
					});
					void dump.exited.then(({ stderr }) => reject(new Error(`tcpdump ended: ${stderr}`)));
				});
				return {
					/** The UDP and TCP packets that passed the NIC. */
					async packets(): Promise<string[]> {
						await dump.stop();
						return dump
							.output()
							.stdout.split("\n")
							.filter((line) => line.includes(" IP "));
					},
				};
			};
			const [lan0, lan1] = [await capture("lan0"), await capture("lan1")];
			const { nics } = await lab.run<Awaited<ReturnType<typeof run>>>("client", LOAD, {
				stunServers: ["a.stun.test:3478", "b.stun.test:3478"],
				names: ["lan1"],
				nat: true,
			});
			expect(nics[0]?.reasons[4]).toBeNull();
			expect(nics[0]?.json.nat).toMatchObject({ type: 5 });
			const asked = await lan1.packets();
			expect(asked.some((line) => / > 9\.9\.9\.9\.53: .*a\.stun\.test/.test(line))).toBe(true);
			expect(asked.some((line) => / > 194\.9\.10\.11\.3478: /.test(line))).toBe(true);
			expect(await lan0.packets()).toEqual([]);
		} finally {
			await lab.close();
		}
	});
});
