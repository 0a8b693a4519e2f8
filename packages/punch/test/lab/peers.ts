import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Endpoint } from "@p2pd/net";
import type { Lab, LabProcess } from "@p2pd/testnet/lab";
import type { PunchNat } from "../../src/index.js";
import type { Command, PunchOutcome, Report } from "./scenarios/peer.js";

const SCENARIO = fileURLToPath(new URL("./scenarios/peer.ts", import.meta.url));
/** STUN servers of the laboratory; the first is asked for mappings. */
const SERVERS: Readonly<Record<4 | 6, readonly Endpoint[]>> = {
	4: [
		{ ip: "194.9.10.11", port: 3478 },
		{ ip: "195.8.20.21", port: 3478 },
	],
	6: [{ ip: "2a01:4f8:c0c::11", port: 3478 }],
};

/** A peer in its own process and namespace. */
export class LabPeer {
	readonly name: string;
	readonly #process: LabProcess;
	#onMessage: (data: string) => void = () => undefined;
	#onReport: (report: Report) => void = () => undefined;

	private constructor(name: string, process: LabProcess) {
		this.name = name;
		this.#process = process;
	}

	/** @param node the program to run it with */
	static async start(lab: Lab, name: string, node = process.execPath): Promise<LabPeer> {
		const args = ["--conditions=@p2pd/source", "--import", "tsx", SCENARIO];
		const peer = new LabPeer(name, lab.spawn(name, node, args));
		const ready = peer.#next("ready");
		createInterface({ input: peer.#process.stdout }).on("line", (line) => peer.#read(line));
		void peer.#process.exited.then(({ stderr }) =>
			peer.#onReport({ type: "error", message: `it ended: ${stderr}` }),
		);
		await ready;
		return peer;
	}

	/** What STUN servers say of the peer's NAT. */
	async discover(af: 4 | 6): Promise<PunchNat> {
		const answer = this.#next("nat");
		this.#tell({ type: "discover", af, servers: SERVERS[af] });
		return (await answer).nat;
	}

	/** Begins a punch; messages of the channel go to `other`. */
	async punch(
		other: LabPeer,
		command: Omit<Extract<Command, { type: "punch" }>, "type" | "stun" | "ourId" | "theirId">,
	): Promise<PunchOutcome> {
		const answer = this.#next("result");
		this.#onMessage = (data) => other.#tell({ type: "message", data });
		const stun = SERVERS[command.af][0] as Endpoint;
		this.#tell({ ...command, type: "punch", stun, ourId: this.name, theirId: other.name });
		return (await answer).result;
	}

	async stop(): Promise<void> {
		this.#onReport = () => undefined;
		await this.#process.stop();
	}

	#tell(command: Command): void {
		this.#process.stdin.write(`${JSON.stringify(command)}\n`);
	}

	#read(line: string): void {
		const report = JSON.parse(line) as Report;
		if (report.type === "message") this.#onMessage(report.data);
		else this.#onReport(report);
	}

	#next<T extends Report["type"]>(type: T): Promise<Extract<Report, { type: T }>> {
		return new Promise((resolve, reject) => {
			this.#onReport = (report) => {
				if (report.type === type) resolve(report as Extract<Report, { type: T }>);
				else reject(new Error(`${this.name}: ${JSON.stringify(report)}`));
			};
		});
	}
}

/** Both peers punch at once. */
export function punchPair(
	one: LabPeer,
	two: LabPeer,
	nats: readonly [PunchNat, PunchNat],
	{
		af,
		transport,
		timeout = 8000,
	}: { readonly af: 4 | 6; readonly transport: "udp" | "tcp"; readonly timeout?: number },
): Promise<[PunchOutcome, PunchOutcome]> {
	const common = { af, transport, timeout };
	return Promise.all([
		one.punch(two, { ...common, our: nats[0], their: nats[1] }),
		two.punch(one, { ...common, our: nats[1], their: nats[0] }),
	]);
}
