import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
	buildLab,
	LAB_PRESETS,
	type Lab,
	type LabGateway,
	type LabHost,
	type LabProcess,
	type LabTopology,
	OUTSIDE,
} from "@p2pd/testnet/lab";

/** A preset of the laboratory. */
export type Preset = keyof typeof LAB_PRESETS;

/** Where the signal server is, outside of all routers. */
export const SIGNAL_HOST = { name: "signal", ips: ["185.10.20.30", "2a02:26f0:1::30"] } as const;

/** The arguments of Node that run the `p2pd` command from its source. */
const COMMAND = [
	"--conditions=@p2pd/source",
	"--import",
	"tsx",
	fileURLToPath(new URL("../../src/cli.ts", import.meta.url)),
];

/**
 * Two hosts, `a` and `b`, each at home in a network of its own that a preset describes; the outside is common to both. What
 * would be there twice gets another address for `b`.
 */
export function pairTopology(first: Preset, second: Preset): LabTopology {
	const [a, b] = [renamed(LAB_PRESETS[first](), "a"), renamed(moved(LAB_PRESETS[second]()), "b")];
	return {
		...OUTSIDE,
		outside: [...OUTSIDE.outside, { name: SIGNAL_HOST.name, ips: [...SIGNAL_HOST.ips] }],
		gateways: [...a.gateways, ...b.gateways],
		hosts: [...a.hosts, ...b.hosts],
	};
}

/** The same network at other outside addresses. */
function moved(topology: LabTopology): LabTopology {
	const text = JSON.stringify({ gateways: topology.gateways, hosts: topology.hosts })
		.replaceAll("81.2.69.", "82.2.70.")
		.replaceAll("185.12.64.", "185.12.65.")
		.replaceAll("2a01:4f9:2b:", "2a01:4f9:2c:")
		.replaceAll("2a02:8010:", "2a02:8011:")
		.replaceAll("100.64.0.", "100.65.0.")
		.replaceAll("1.3.3.7", "1.3.4.7")
		.replaceAll("8.8.0.", "8.9.0.");
	return { ...topology, ...(JSON.parse(text) as Pick<LabTopology, "gateways" | "hosts">) };
}

function renamed(topology: LabTopology, suffix: string): { gateways: LabGateway[]; hosts: LabHost[] } {
	const name = (old: string): string => `${old}-${suffix}`;
	return {
		gateways: topology.gateways.map((gateway) => ({
			...gateway,
			name: name(gateway.name),
			...(gateway.behind === undefined ? {} : { behind: name(gateway.behind) }),
		})),
		hosts: topology.hosts.map((host) => ({
			...host,
			name: suffix,
			nics: host.nics.map((nic) => ({ ...nic, gateway: nic.gateway === null ? null : name(nic.gateway) })),
		})),
	};
}

/** Processes of the `p2pd` command in a laboratory. */
export class PeerLab {
	readonly lab: Lab;

	private constructor(lab: Lab) {
		this.lab = lab;
	}

	static async build(topology: LabTopology): Promise<PeerLab> {
		return new PeerLab(await buildLab(topology));
	}

	/** STUN servers of both generations. */
	get stun(): string {
		return this.lab.services
			.filter(({ kind }) => kind === "stun" || kind === "classic-stun")
			.map(({ ip, port }) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`))
			.join(",");
	}

	spawn(host: string, args: readonly string[]): LabProcess {
		return this.lab.spawn(host, process.execPath, [...COMMAND, ...args], {
			env: { P2PD_STUN_SERVERS: this.stun },
		});
	}

	/** Starts our broker; gives its URL. */
	async broker(family: 4 | 6 = 4): Promise<{ readonly url: string; readonly process: LabProcess }> {
		const ip = SIGNAL_HOST.ips[family === 4 ? 0 : 1];
		const broker = this.spawn(SIGNAL_HOST.name, ["serve", "signal", "--address", ip, "--port", "1883"]);
		return { url: await firstLine(broker), process: broker };
	}

	/** Starts a node; gives its address. */
	async node(
		host: string,
		args: readonly string[],
	): Promise<{ readonly address: string; readonly process: LabProcess }> {
		const node = this.spawn(host, ["node", ...args]);
		return { address: await firstLine(node), process: node };
	}

	/** Runs `p2pd connect --json` to its end. */
	async connect(host: string, address: string, args: readonly string[] = []): Promise<ConnectReport> {
		const given = [...COMMAND, "connect", address, "--json", ...args];
		const { code, stderr, stdout } = await this.lab.exec(host, process.execPath, given, {
			timeout: 30_000,
			env: { P2PD_STUN_SERVERS: this.stun },
		});
		try {
			return {
				code,
				stderr,
				stdout,
				...(JSON.parse(stdout) as Omit<ConnectReport, "code" | "stderr" | "stdout">),
			};
		} catch {
			throw new Error(`p2pd connect gave no report: exit ${code}\n${stdout}${stderr}`);
		}
	}

	async close(): Promise<void> {
		await this.lab.close();
	}
}

/** What `p2pd connect --json` prints. */
export interface ConnectReport {
	readonly code: number | null;
	readonly stderr: string;
	readonly stdout: string;
	readonly path: string | null;
	readonly transport: string;
	readonly ms: number;
	readonly rttMs: number | null;
	readonly local: string | null;
	readonly remote: string | null;
	readonly peer: string;
	readonly attempts: readonly {
		readonly path: string;
		readonly family: number | null;
		readonly ms: number;
		readonly outcome: string;
		readonly reason: string | null;
	}[];
}

/** What a process prints first. @throws if it ends before */
async function firstLine(running: LabProcess): Promise<string> {
	const ended = running.exited.then(({ stderr }): never => {
		throw new Error(`it printed nothing: ${stderr}`);
	});
	while (!running.output().stdout.includes("\n")) await Promise.race([once(running.stdout, "data"), ended]);
	ended.catch(() => undefined);
	return running.output().stdout.split("\n", 1)[0] ?? "";
}
