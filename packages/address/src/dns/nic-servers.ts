import { execFile } from "node:child_process";
import { getServers } from "node:dns";
import { open } from "node:fs/promises";
import { type Clock, type Family, type NicRef, systemClock } from "@p2pd/net";
import { NIC_SERVERS_AGE, NIC_SERVERS_COMMAND_TIMEOUT, SYSTEM_TEXT_BYTES } from "../defaults.js";
import { IpAddress } from "../ip/ip-address.js";
import { isIp } from "../ip/text.js";
import type { NicServers } from "../resolve/types.js";
import { parseTarget } from "../target/target.js";

/*
 * Which DNS servers belong to a NIC. Names for a NIC that is not the default one must leave by that NIC, so the system's
 * resolver, which has its own mind about NICs, cannot be asked.
 *
 *   Linux    systemd's file of the link, resolvectl, nmcli, then /etc/resolv.conf; if that names only a stub on this
 *            host, the file with the stub's upstream servers
 *   macOS    the resolvers that `scutil --dns` lists for the NIC, then /etc/resolv.conf
 *   Windows  the servers that netsh lists for the NIC, then those that Node found
 */

/** What the environment supplies. */
export interface NicServersDeps {
	readonly platform: NodeJS.Platform;
	/** The text of a file, or null if it cannot be read. */
	readonly readFile: (path: string) => Promise<string | null>;
	/** What a command prints, or null if it fails. */
	readonly run: (command: string, args: readonly string[], signal: AbortSignal) => Promise<string | null>;
	/** The servers that Node read from the system's configuration. */
	readonly systemServers: () => readonly string[];
}

/** Files with the servers behind a stub resolver, of systemd-resolved, NetworkManager, and resolvconf's dnsmasq. */
const UPSTREAM_FILES = [
	"/run/systemd/resolve/resolv.conf",
	"/run/NetworkManager/no-stub-resolv.conf",
	"/run/dnsmasq/resolv.conf",
	"/run/resolvconf/resolv.conf",
];

/**
 * The DNS servers of a family to ask through a NIC: those that the system has for that NIC, or else the system's.
 * Loopback ones are left out, since they ask through a NIC of their own choice. So are link-local ones on another NIC.
 */
export async function findNicServers(
	nic: NicRef,
	af: Family,
	deps: NicServersDeps,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const sources = sourcesOf(nic, deps, signal);
	for (const source of sources) {
		signal.throwIfAborted();
		const servers = usableOn(nic, af, await source(), deps.platform);
		if (servers.length > 0) return servers;
	}
	return [];
}

/** Where servers may be found, the best first. */
function sourcesOf(
	nic: NicRef,
	{ platform, readFile, run, systemServers }: NicServersDeps,
	signal: AbortSignal,
): readonly (() => Promise<readonly string[]>)[] {
	const resolvConf = (path: string) => async () => parseResolvConf((await readFile(path)) ?? "");
	if (platform === "win32") {
		const netsh = `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\netsh.exe`;
		const ask = (family: string) => async () =>
			parseNetsh(
				(await run(netsh, ["interface", family, "show", "dnsservers", `name=${nic.index}`], signal)) ?? "",
			);
		const own = nic.index === null ? [] : [ask("ipv4"), ask("ipv6")];
		return [...own, async () => systemServers()];
	}
	if (platform === "darwin") {
		const scutil = async () =>
			parseScutil((await run("/usr/sbin/scutil", ["--dns"], signal)) ?? "", nic.name);
		return [scutil, resolvConf("/etc/resolv.conf")];
	}
	return [
		...(nic.index === null ? [] : linkFiles(nic.index, readFile)),
		async () => {
			if ((await readFile("/run/systemd/resolve/resolv.conf")) === null) return [];
			return parseResolvectl((await run("resolvectl", ["dns", String(nic.index ?? nic.name)], signal)) ?? "");
		},
		async () => {
			if ((await readFile("/run/NetworkManager/resolv.conf")) === null || nic.name.startsWith("-")) return [];
			const args = ["--get-values", "IP4.DNS,IP6.DNS", "device", "show", nic.name];
			return parseNmcli((await run("nmcli", args, signal)) ?? "");
		},
		...["/etc/resolv.conf", ...UPSTREAM_FILES].map(resolvConf),
	];
}

/** Systemd's files of a link: resolved keeps what was set at run time, networkd what DHCP and its own files say. */
function linkFiles(
	index: number,
	readFile: NicServersDeps["readFile"],
): readonly (() => Promise<readonly string[]>)[] {
	const files = [
		[`/run/systemd/resolve/netif/${index}`, "SERVERS"],
		[`/run/systemd/netif/links/${index}`, "DNS"],
	] as const;
	return files.map(
		([path, key]) =>
			async () =>
				parseLinkFile((await readFile(path)) ?? "", key),
	);
}

/** The servers in `resolv.conf(5)`. */
export function parseResolvConf(text: string): readonly string[] {
	return [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(([, server]) => server ?? "");
}

/** The servers in a systemd state file: a line `KEY=server server`. */
function parseLinkFile(text: string, key: string): readonly string[] {
	const line = text.split("\n").find((each) => each.startsWith(`${key}=`));
	return line === undefined ? [] : words(line.slice(key.length + 1));
}

/** The servers that `resolvectl dns LINK` prints: `Link 2 (eth0): 192.0.2.1 2001:db8::1`. */
export function parseResolvectl(text: string): readonly string[] {
	return text.split("\n").flatMap((line) => words(/^Link \d+ \(.*\): (.*)$/.exec(line)?.[1] ?? ""));
}

/** The servers that `nmcli --get-values` prints: one value a line, several joined by ` | `, colons escaped. */
export function parseNmcli(text: string): readonly string[] {
	return text.split(/\n|\|/).flatMap((value) => words(value.replaceAll("\\:", ":")));
}

/** The servers that `scutil --dns` lists in resolvers of a NIC. */
export function parseScutil(text: string, nic: string): readonly string[] {
	const resolvers = text.split(/^resolver #\d+$/m).filter((each) => {
		const found = /^\s*if_index\s*:\s*\d+ \((.*)\)$/m.exec(each)?.[1];
		// Without a domain: a resolver for one domain does not know other names.
		return found === nic && !/^\s*domain\s*:/m.test(each);
	});
	const servers = resolvers.flatMap((each) => [...each.matchAll(/^\s*nameserver\[\d+\]\s*:\s*(\S+)$/gm)]);
	return [...new Set(servers.map(([, server]) => server ?? ""))];
}

/** The servers that netsh prints. Its words are in the language of the system, so only addresses are looked for. */
export function parseNetsh(text: string): readonly string[] {
	return words(text).filter(isIp);
}

function words(text: string): readonly string[] {
	return text.split(/\s+/).filter((word) => word !== "");
}

/** Servers that can be asked through the NIC, each once, link-local ones with its zone. */
function usableOn(
	nic: NicRef,
	af: Family,
	servers: readonly string[],
	platform: NodeJS.Platform,
): readonly string[] {
	const zone = platform === "win32" ? nic.index : nic.name;
	const usable = servers.flatMap((text) => {
		const server = readServer(text);
		if (server === null || server.address.af !== af) return [];
		const { address, port } = server;
		if (address.isLoopback || address.isUnspecified) return [];
		if (!address.isLinkLocal || af === 4) return [withPort(address.toString(), port)];
		if (address.zone !== null && address.zone !== nic.name && address.zone !== String(nic.index)) return [];
		return zone === null ? [] : [withPort(address.withZone(String(zone)).toString(), port)];
	});
	return [...new Set(usable)];
}

/** A server as systemd writes it: an address, with a port or not, and `#name` for TLS. Null for anything else. */
function readServer(text: string): { readonly address: IpAddress; readonly port: number | null } | null {
	const [plain = ""] = text.split("#");
	try {
		const { host, port, af } = parseTarget(plain);
		return af === undefined ? null : { address: IpAddress.parse(host), port };
	} catch {
		// A line that is not for us, or a zone on a global address: the next server is as good.
		return null;
	}
}

function withPort(ip: string, port: number | null): string {
	if (port === null) return ip;
	return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** What the operating system tells about a NIC's DNS servers. It is remembered for a burst of lookups. */
export function systemNicServers(deps: NicServersDeps = SYSTEM, clock: Clock = systemClock): NicServers {
	const known = new Map<string, { readonly at: number; readonly servers: readonly string[] }>();
	return async (nic, af, signal) => {
		for (const [key, { at }] of known) if (clock.now() - at >= NIC_SERVERS_AGE) known.delete(key);
		const key = `${af} ${nic.index} ${nic.name}`;
		const last = known.get(key);
		if (last !== undefined) return last.servers;
		const servers = await findNicServers(nic, af, deps, signal);
		known.set(key, { at: clock.now(), servers });
		return servers;
	};
}

/** The text of a file of the system, or null if it cannot be read. */
export async function readSystemFile(path: string): Promise<string | null> {
	try {
		const file = await open(path, "r");
		try {
			const { size } = await file.stat();
			const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, SYSTEM_TEXT_BYTES)), 0);
			return buffer.toString("utf8", 0, bytesRead);
		} finally {
			await file.close();
		}
	} catch {
		return null;
	}
}

const SYSTEM: NicServersDeps = {
	platform: process.platform,
	readFile: readSystemFile,
	systemServers: getServers,
	run: (command, args, signal) =>
		new Promise((resolve) => {
			const options = { timeout: NIC_SERVERS_COMMAND_TIMEOUT, maxBuffer: SYSTEM_TEXT_BYTES, signal };
			try {
				execFile(command, args, options, (error, stdout) => resolve(error === null ? stdout : null));
			} catch {
				resolve(null);
			}
		}),
};
