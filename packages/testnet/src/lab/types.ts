import type {
	GatewayTopology,
	HostTopology,
	NicTopology,
	OutsideTopology,
	ServiceTopology,
	Topology,
} from "../topology.js";

/** IP version, as Node numbers it. */
export type LabFamily = 4 | 6;

/** What an outside host of the namespace laboratory can run: the shared kinds, and those only this half has. */
export interface LabServiceSpec extends Omit<ServiceTopology, "kind"> {
	/**
	 * `stun` is coturn (RFC 5780 where the host has two addresses of a family), `classic-stun` Debian's stund
	 * (RFC 3489; needs two IPv4 addresses), `echo` sends back what comes, over TCP and UDP, and `dns` is
	 * dnsmasq, which answers {@link LabTopology.names} and knows nothing else.
	 */
	readonly kind: ServiceTopology["kind"] | "classic-stun" | "dns";
}

/** An outside host with services of this half. */
export interface LabOutside extends Omit<OutsideTopology, "services"> {
	readonly services?: readonly LabServiceSpec[];
}

/** A gateway with what only kernel routers have. */
export interface LabGateway extends GatewayTopology {
	/** Inside prefixes that are routed to from outside and never translated. @default none */
	readonly routed?: readonly string[];
	/**
	 * What the gateway itself does with unsolicited packets to its outside addresses. Home routers drop them.
	 * With `accept` Linux's connection tracking remembers them, which makes a later mapping to that peer move
	 * to another port.
	 * @default "drop"
	 */
	readonly unsolicited?: "drop" | "accept";
}

/** A NIC with what only a Linux host has. */
export interface LabNic extends NicTopology {
	/** `net.ipv4.conf.NIC.rp_filter`: 0 off, 1 strict, 2 loose. @default 0 */
	readonly rpFilter?: 0 | 1 | 2;
}

/** An inside host of such NICs. */
export interface LabHost extends Omit<HostTopology, "nics"> {
	readonly nics: readonly LabNic[];
}

/** The shared description, widened by what this half adds; every {@link Topology} is one. */
export interface LabTopology extends Omit<Topology, "outside" | "gateways" | "hosts"> {
	readonly outside: readonly LabOutside[];
	readonly gateways: readonly LabGateway[];
	readonly hosts: readonly LabHost[];
	/** Names that the `dns` services answer, with their addresses of both families. @default none */
	readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** A running service, one entry for each address that it can be asked at first. */
export interface LabService {
	readonly kind: LabServiceSpec["kind"];
	/** The outside host that runs it. */
	readonly host: string;
	readonly af: LabFamily;
	readonly ip: string;
	readonly port: number;
	/** The other address and port of a STUN server that has them (RFC 5780 OTHER-ADDRESS, RFC 3489 CHANGED-ADDRESS). */
	readonly alternate?: { readonly ip: string; readonly port: number };
}

/** Options of a command in the laboratory. */
export interface LabCommandOptions {
	/** Ends the command, with everything it started. */
	readonly signal?: AbortSignal;
	/** Added to this process's environment. */
	readonly env?: Readonly<Record<string, string>>;
	/** @default the workspace's root */
	readonly cwd?: string;
}

/** Options of a command whose end is awaited. */
export interface LabRunOptions extends LabCommandOptions {
	/** In ms, after which it is ended with everything it started. @default DEFAULT_RUN_TIMEOUT */
	readonly timeout?: number;
}

/** How a command ended. */
export interface LabExit {
	/** Null where a signal ended it. */
	readonly code: number | null;
	readonly signal: string | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A command that runs in a namespace. */
export interface LabProcess {
	/** Of the process group's leader, as seen outside the laboratory. */
	readonly pid: number;
	readonly stdin: NodeJS.WritableStream;
	readonly stdout: NodeJS.ReadableStream;
	readonly stderr: NodeJS.ReadableStream;
	/** What it has printed so far. */
	output(): { readonly stdout: string; readonly stderr: string };
	/** Settles when it has ended; never rejects. */
	readonly exited: Promise<LabExit>;
	/** Ends it and all that it started, and waits for that. */
	stop(): Promise<LabExit>;
}

/** A socket that a server binds. */
export interface LabListen {
	readonly proto: "udp" | "tcp";
	readonly ip: string;
	readonly port: number;
}

/** A built laboratory. */
export interface Lab {
	readonly topology: LabTopology;
	/** Every service, in the order of the topology. */
	readonly services: readonly LabService[];
	/** The first service of a kind (and family). @throws LabTopologyError `ERR_LAB_TOPOLOGY` if there is none. */
	service(kind: LabService["kind"], af?: LabFamily): LabService;
	/** The NICs' names of an inside host. @throws LabTopologyError `ERR_LAB_TOPOLOGY` if there is no such host. */
	nics(host: string): readonly string[];
	/**
	 * Runs a scenario module in a host's namespace: a child process imports it and calls its export
	 * `run(input)`; the input and what it resolves to travel as JSON.
	 * @throws LabRunError `ERR_LAB_RUN` with the child's error and output; LabTimeoutError `ERR_LAB_TIMEOUT`.
	 */
	run<T = unknown>(host: string, module: string | URL, input?: unknown, options?: LabRunOptions): Promise<T>;
	/**
	 * Starts a scenario module that is to stay, for example a server, and resolves when it has bound the
	 * sockets `listens`. It is ended with the laboratory at the latest.
	 * @throws LabRunError `ERR_LAB_RUN` if it fails before that; LabSetupError `ERR_LAB_SETUP` if it takes too
	 * long, or a socket is taken already.
	 */
	serve(
		host: string,
		module: string | URL,
		input: unknown,
		listens: readonly LabListen[],
		options?: LabCommandOptions,
	): Promise<LabProcess>;
	/** Runs a command to its end, whatever its exit code. @throws LabTimeoutError `ERR_LAB_TIMEOUT`. */
	exec(host: string, command: string, args?: readonly string[], options?: LabRunOptions): Promise<LabExit>;
	/** Starts a command. It is ended with the laboratory at the latest. */
	spawn(host: string, command: string, args?: readonly string[], options?: LabCommandOptions): LabProcess;
	/** Ends every process and namespace of it. May be called twice. */
	close(): Promise<void>;
}

/** Whether laboratories can be built on this machine. */
export type LabAvailability =
	| { readonly ok: true; readonly privileges: "root" | "user-namespace" }
	| { readonly ok: false; readonly reason: string; readonly install: string };
