import { FAMILIES } from "../defaults.js";
import { LabTopologyError } from "../errors.js";
import type { LabFamily, LabListen, LabOutside, LabService, LabServiceSpec, LabTopology } from "../types.js";
import { readCidr } from "./addressing.js";
import type { DaemonPlan } from "./types.js";

/** What a service comes to: the processes that make it, and where it can be asked. */
interface PlannedService {
	readonly daemons: readonly DaemonPlan[];
	readonly services: readonly LabService[];
}

type Planner = (host: LabOutside, spec: LabServiceSpec, topology: LabTopology) => PlannedService;

const ipsOf = (host: LabOutside, af: LabFamily): string[] => host.ips.filter((ip) => readCidr(ip).af === af);

/** The four sockets of a STUN server with two addresses and two ports, or the one it has. */
function stunListens(
	ips: readonly string[],
	ports: readonly number[],
	protos: readonly LabListen["proto"][],
): LabListen[] {
	return protos.flatMap((proto) => ips.flatMap((ip) => ports.map((port) => ({ proto, ip, port }))));
}

function alternateOf(ips: readonly string[], port: number | undefined): Pick<LabService, "alternate"> {
	const ip = ips[1];
	return ip === undefined || port === undefined ? {} : { alternate: { ip, port } };
}

/** coturn, one process a family: with two addresses it serves RFC 5780, with one it is a plain STUN server. */
const coturn: Planner = (host, spec) => {
	const planned = FAMILIES.map((af): PlannedService => {
		const ips = ipsOf(host, af);
		const [first] = ips;
		if (first === undefined) return { daemons: [], services: [] };
		if (ips.length > 2)
			throw new LabTopologyError(`${host.name}: coturn serves at most two addresses of a family`);
		const alternate = ips.length === 2 ? (spec.alternatePort ?? spec.port + 1) : undefined;
		const args = [
			"-n",
			"--stun-only",
			"--no-auth",
			"--no-tls",
			"--no-dtls",
			"--no-cli",
			"--relay-threads=1",
			"--log-file=stdout",
			"--simple-log",
			"--pidfile=",
			"--userdb=/dev/null",
			...ips.flatMap((ip) => ["--listening-ip", ip]),
			`--listening-port=${spec.port}`,
			...(alternate === undefined ? ["--no-rfc5780"] : [`--alt-listening-port=${alternate}`]),
		];
		const ports = alternate === undefined ? [spec.port] : [spec.port, alternate];
		return {
			daemons: [
				{ host: host.name, command: "turnserver", args, listens: stunListens(ips, ports, ["udp", "tcp"]) },
			],
			services: [
				{ kind: "stun", host: host.name, af, ip: first, port: spec.port, ...alternateOf(ips, alternate) },
			],
		};
	});
	return { daemons: planned.flatMap((p) => p.daemons), services: planned.flatMap((p) => p.services) };
};

const stund: Planner = (host, spec) => {
	const ips = ipsOf(host, 4);
	const [first, second] = ips;
	if (first === undefined || second === undefined) {
		throw new LabTopologyError(`${host.name}: a classic STUN server needs two IPv4 addresses`);
	}
	const alternate = spec.alternatePort ?? spec.port + 1;
	const args = ["-h", first, "-a", second, "-p", `${spec.port}`, "-o", `${alternate}`];
	return {
		daemons: [
			{
				host: host.name,
				command: "stund",
				args,
				listens: stunListens([first, second], [spec.port, alternate], ["udp"]),
			},
		],
		services: [
			{
				kind: "classic-stun",
				host: host.name,
				af: 4,
				ip: first,
				port: spec.port,
				alternate: { ip: second, port: alternate },
			},
		],
	};
};

const echo: Planner = (host, spec) => {
	const daemon = (ip: string, proto: LabListen["proto"]): DaemonPlan => {
		const af = readCidr(ip).af;
		const bind = af === 4 ? ip : `[${ip}]`;
		const listen =
			proto === "tcp" ? `TCP${af}-LISTEN:${spec.port},reuseaddr` : `UDP${af}-RECVFROM:${spec.port}`;
		return {
			host: host.name,
			command: "socat",
			args: [`${listen},bind=${bind},fork`, "PIPE"],
			listens: [{ proto, ip, port: spec.port }],
		};
	};
	return {
		daemons: host.ips.flatMap((ip) => [daemon(ip, "udp"), daemon(ip, "tcp")]),
		services: host.ips.map((ip) => ({
			kind: "echo",
			host: host.name,
			af: readCidr(ip).af,
			ip,
			port: spec.port,
		})),
	};
};

const dnsmasq: Planner = (host, spec, topology) => {
	for (const ip of Object.values(topology.names ?? {}).flat()) readCidr(ip);
	const records = Object.entries(topology.names ?? {}).map(
		([name, ips]) => `--host-record=${[name, ...ips].join(",")}`,
	);
	const args = [
		// Debug mode: in the foreground, and without a change of user, which a user namespace refuses.
		"--no-daemon",
		"--conf-file=/dev/null",
		"--log-facility=-",
		"--no-resolv",
		"--no-hosts",
		"--no-poll",
		"--local=/#/",
		"--local-ttl=60",
		"--bind-interfaces",
		`--port=${spec.port}`,
		...host.ips.map((ip) => `--listen-address=${ip}`),
		...records,
	];
	return {
		daemons: [
			{
				host: host.name,
				command: "dnsmasq",
				args,
				listens: stunListens(host.ips, [spec.port], ["udp", "tcp"]),
			},
		],
		services: host.ips.map((ip) => ({
			kind: "dns",
			host: host.name,
			af: readCidr(ip).af,
			ip,
			port: spec.port,
		})),
	};
};

const PLANNERS: Readonly<Record<LabServiceSpec["kind"], Planner>> = {
	stun: coturn,
	"classic-stun": stund,
	echo,
	dns: dnsmasq,
};

/** Two servers cannot have one socket; which of them got it would be chance. */
function checkSockets(daemons: readonly DaemonPlan[]): void {
	const taken = new Set<string>();
	for (const { proto, ip, port } of daemons.flatMap(({ listens }) => listens)) {
		if (!Number.isInteger(port) || port < 1 || port > 65_535)
			throw new LabTopologyError(`${port} is not a valid port`);
		const key = `${proto} ${ip} ${port}`;
		if (taken.has(key)) throw new LabTopologyError(`two services want ${key}`);
		taken.add(key);
	}
}

/** The servers of a topology: what to start, and where each can be asked. */
export function planServices(topology: LabTopology): PlannedService {
	const planned = topology.outside.flatMap((host) =>
		(host.services ?? []).map((spec) => PLANNERS[spec.kind](host, spec, topology)),
	);
	const daemons = planned.flatMap((p) => p.daemons);
	checkSockets(daemons);
	return { daemons, services: planned.flatMap((p) => p.services) };
}
