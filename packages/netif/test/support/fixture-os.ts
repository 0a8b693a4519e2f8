import type { SourceAnswer } from "@p2pd/net";
import type { HostAddress, OsDeps } from "../../src/os.js";

/** A host as a reader meets it. */
export interface Fixture {
	readonly title: string;
	/** The public page that shows it, or that it was constructed. */
	readonly source: string;
	readonly platform: string;
	/** Files by path; `null` is refused with EACCES. A folder or link is known by what lies in it. */
	readonly files?: Readonly<Record<string, string | null>>;
	/** Symbolic links by path. */
	readonly links?: Readonly<Record<string, string>>;
	/** `os.networkInterfaces()`, or the message it throws with. */
	readonly interfaces: Readonly<Record<string, readonly HostAddress[]>> | string;
	/** What commands print, by program and first arguments; one that is not listed does not exist. */
	readonly commands?: Readonly<Record<string, string>>;
	/** The kernel's source addresses; a code like ENETUNREACH is a refusal. */
	readonly kernel: { readonly 4: string; readonly 6: string };
}

function refusal(code: string, path: string): Error {
	return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** The environment of a fixture. */
export function fixtureOs(fixture: Fixture): OsDeps {
	const files = fixture.files ?? {};
	const links = fixture.links ?? {};
	const paths = [...Object.keys(files), ...Object.keys(links)];
	return {
		platform: fixture.platform,
		endianness: "LE",
		readFile(path) {
			const text = files[path];
			if (text === undefined) throw refusal("ENOENT", path);
			if (text === null) throw refusal("EACCES", path);
			return text;
		},
		readDir(path) {
			if (files[path] === null) throw refusal("EACCES", path);
			const names = paths
				.filter((each) => each.startsWith(`${path}/`))
				.map((each) => each.slice(path.length + 1).split("/")[0] ?? "");
			if (names.length === 0) throw refusal("ENOENT", path);
			return [...new Set(names)];
		},
		readLink(path) {
			const target = links[path];
			if (target === undefined) throw refusal("ENOENT", path);
			return target;
		},
		networkInterfaces() {
			if (typeof fixture.interfaces === "string") throw new Error(fixture.interfaces);
			return fixture.interfaces;
		},
		async run(command, args) {
			const line = [command, ...args].join(" ");
			const key = Object.keys(fixture.commands ?? {}).find((each) => line.startsWith(each));
			if (key === undefined) throw refusal("ENOENT", command);
			return { stdout: fixture.commands?.[key] ?? "", stderr: "" };
		},
		async sourceAddress(destination): Promise<SourceAnswer> {
			const answer = fixture.kernel[destination.includes(":") ? 6 : 4];
			return /^E[A-Z]+$/.test(answer) ? { ip: null, code: answer } : { ip: answer, code: null };
		},
	};
}

/** One entry of `os.networkInterfaces()`. */
export function entry(cidr: string, mac = "00:00:00:00:00:00"): HostAddress {
	const address = cidr.split("/")[0] ?? "";
	const internal = address.startsWith("127.") || address === "::1";
	return { address, cidr, mac, internal, family: address.includes(":") ? "IPv6" : "IPv4" };
}

/** The files of one NIC in /sys/class/net. */
export function sysfsNic(
	name: string,
	facts: {
		readonly index: number;
		readonly type?: number;
		readonly flags?: string;
		readonly operstate?: string;
		readonly mtu?: number;
		readonly mac?: string;
		readonly devtype?: string;
		readonly extra?: readonly string[];
	},
): Record<string, string> {
	const at = `/sys/class/net/${name}`;
	const devtype = facts.devtype ? `DEVTYPE=${facts.devtype}\n` : "";
	return {
		[`${at}/uevent`]: `${devtype}INTERFACE=${name}\nIFINDEX=${facts.index}\n`,
		[`${at}/type`]: `${facts.type ?? 1}\n`,
		[`${at}/flags`]: `${facts.flags ?? "0x1003"}\n`,
		[`${at}/operstate`]: `${facts.operstate ?? "up"}\n`,
		[`${at}/mtu`]: `${facts.mtu ?? 1500}\n`,
		[`${at}/address`]: `${facts.mac ?? "00:00:00:00:00:00"}\n`,
		[`${at}/ifalias`]: "\n",
		...Object.fromEntries((facts.extra ?? []).map((file) => [`${at}/${file}`, ""])),
	};
}

/** /proc/net/dev of these NICs. */
export function procNetDev(...names: string[]): string {
	const lines = names.map(
		(name) => `${name.padStart(6)}:    1520      20    0    0    0     0          0         0`,
	);
	return `Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast\n${lines.join("\n")}\n`;
}

/** /proc/net/route with these lines, whose columns are written apart by blanks. */
export function procNetRoute(...lines: string[]): string {
	const head = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT";
	return `${[head, ...lines].map((line) => line.replaceAll(/ +/g, "\t")).join("\n")}\n`;
}
