import { cleanMac, prefixOf, prefixOfMask, readIp, scopeOf, textOnNic } from "./address-text.js";
import { kindByName } from "./kind-by-name.js";
import type { NicAddress, NicKind, RawNic } from "./types.js";

/** The bits of `flags=8863<UP,...>` by name. */
type Flags = ReadonlySet<string>;

/**
 * The NICs that `ifconfig` prints, in the form of macOS and the BSDs and of Linux's net-tools 2: a line `name:
 * flags=N<A,B> mtu N`, then indented lines of a keyword and its values. Its words are never translated.
 */
export function parseIfconfig(text: string): RawNic[] {
	const nics: RawNic[] = [];
	for (const block of text.split(/\r?\n(?=\S)/)) {
		const head = /^(.+?): flags=[0-9a-f]+<([^>]*)>(?:.*?\bmtu (\d+))?/i.exec(block);
		if (head?.[1]) nics.push(nicOf(head[1], new Set(head[2]?.split(",")), head[3], block));
	}
	return nics;
}

function nicOf(name: string, flags: Flags, mtu: string | undefined, block: string): RawNic {
	const lines = block.split(/\r?\n/).slice(1);
	const status = /^\s+status: (\S.*)$/m.exec(block)?.[1];
	const fromOs = kindFromFacts(flags, block);
	const up = flags.has("UP");
	const running = up && flags.has("RUNNING") && status !== "inactive";
	const index = /^.+? flags=.*\bindex (\d+)/.exec(block)?.[1];
	return {
		index: index === undefined ? indexFromScopes(lines) : Number(index),
		name,
		displayName: name,
		kind: fromOs ?? kindByName(name),
		kindFrom: fromOs ? "os" : "name",
		up,
		running,
		mtu: mtu === undefined ? null : Number(mtu),
		mac: cleanMac(/^\s+(?:ether|lladdr|address:?) ([0-9a-f:-]+)/im.exec(block)?.[1] ?? ""),
		master: null,
		bridgePort: false,
		addresses: lines.map((line) => addressOf(line, name)).filter((each): each is NicAddress => each !== null),
		addressesKnown: { 4: true, 6: true },
		routes: [],
		reversePathFilter: null,
	};
}

function kindFromFacts(flags: Flags, block: string): NicKind | null {
	if (flags.has("LOOPBACK")) return "loopback";
	// `ifconfig -v` of macOS names the type; otherwise it follows from the media and the flags.
	const type = /^\s+type: (.+)$/m.exec(block)?.[1]?.toLowerCase();
	if (/^\s+Configuration:\s*\n\s+id /m.test(block)) return "bridge";
	if (/^\s+vlan: \d+ parent interface:/m.test(block)) return "virtual";
	if (type?.includes("wi-fi")) return "wireless";
	if (type?.includes("cellular")) return "cellular";
	if (type?.includes("ethernet")) return "ethernet";
	if (flags.has("POINTOPOINT")) return "tunnel";
	return null;
}

/** Link-local addresses carry the index of their NIC: `scopeid 0x4`. */
function indexFromScopes(lines: readonly string[]): number | null {
	for (const line of lines) {
		const scope = /^\s+inet6 fe[89ab].*scopeid 0x([0-9a-f]+)(?!.*<)/i.exec(line)?.[1];
		if (scope !== undefined) return Number.parseInt(scope, 16);
	}
	return null;
}

function addressOf(line: string, nic: string): NicAddress | null {
	const [keyword, written = "", ...rest] = line.trim().split(/\s+/);
	if (keyword !== "inet" && keyword !== "inet6") return null;
	const ip = readIp(written.replace(/\/.*$/, ""));
	if (ip === null) return null;
	const after = (word: string): string | undefined => rest[rest.indexOf(word) + 1];
	const prefix = rest.includes("prefixlen") ? Number(after("prefixlen")) : Number.NaN;
	const cidr = rest.includes("netmask") ? prefixOfMask(after("netmask") ?? "") : prefix;
	return {
		af: ip.af,
		ip: textOnNic(ip, nic),
		cidr: prefixOf(ip.af, cidr),
		scope: scopeOf(ip),
		...(rest.includes("temporary") ? { temporary: true } : {}),
		...(rest.includes("deprecated") ? { deprecated: true } : {}),
		...(rest.includes("tentative") || rest.includes("duplicated") ? { tentative: true } : {}),
	};
}
