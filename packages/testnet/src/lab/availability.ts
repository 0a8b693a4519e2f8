import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { TRIAL_TIMEOUT } from "./defaults.js";
import type { LabAvailability } from "./types.js";

/** The tools that a laboratory and its tests run, with the Debian package of each. */
const TOOLS: Readonly<Record<string, string>> = {
	unshare: "util-linux",
	nsenter: "util-linux",
	ip: "iproute2",
	nft: "nftables",
	turnserver: "coturn",
	turnutils_natdiscovery: "coturn",
	stund: "stun-server",
	stun: "stun-client",
	dnsmasq: "dnsmasq-base",
	socat: "socat",
	ping: "iputils-ping",
	dig: "bind9-dnsutils",
};

/** System tools are often outside of an ordinary user's search path. */
export function labPath(): string {
	const { PATH = "" } = process.env;
	const dirs = PATH.split(delimiter).filter((dir) => dir !== "");
	return [...new Set([...dirs, "/usr/sbin", "/sbin", "/usr/bin", "/bin"])].join(delimiter);
}

/** Arguments of `unshare` that make the namespaces a laboratory lives in; an ordinary user also needs a user namespace. */
export function unshareArgs(privileges: "root" | "user-namespace"): string[] {
	const user = privileges === "root" ? [] : ["--user", "--map-root-user"];
	return [...user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
}

/** Needs everything that the kernel might refuse: links, translation, dynamic maps, a fresh /sys and /proc. */
const TRIAL = `set -e
mount -t tmpfs p2pd-lab /sys
umount /sys
mount -t sysfs p2pd-lab /sys
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
ip link add name trial0 type veth peer name trial1
nft -f - <<'END'
table ip trial {
  map m { typeof meta l4proto . th sport : ip saddr; flags dynamic,timeout; timeout 9s; size 9; }
  chain p { type nat hook postrouting priority srcnat; masquerade fully-random; }
}
END`;

/** What the answer depends on. */
export interface LabSurroundings {
	readonly platform: string;
	/** Whether this process is root's. */
	readonly isRoot: boolean;
	hasTool(name: string): boolean;
	hasFile(path: string): boolean;
	/** Runs a command; what it printed to standard error if it failed, null if it did not. */
	attempt(command: string, args: readonly string[]): string | null;
}

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function thisMachine(): LabSurroundings {
	const path = labPath();
	return {
		platform: process.platform,
		isRoot: process.getuid?.() === 0,
		hasTool: (name) => path.split(delimiter).some((dir) => isExecutable(join(dir, name))),
		hasFile: existsSync,
		attempt(command, args) {
			const trial = spawnSync(command, args, {
				env: { ...process.env, PATH: path },
				encoding: "utf8",
				timeout: TRIAL_TIMEOUT,
				killSignal: "SIGKILL",
				stdio: ["ignore", "ignore", "pipe"],
			});
			if (trial.status === 0) return null;
			return trial.error?.message ?? (trial.stderr.trim() || `status ${trial.status}`);
		},
	};
}

/** Finds out whether laboratories can be built in such surroundings, and how. */
export function probeLab(surroundings: LabSurroundings): LabAvailability {
	const { platform, isRoot } = surroundings;
	if (platform !== "linux") {
		return {
			ok: false,
			reason: `needs Linux, this is ${platform}`,
			install: "run it in a Linux virtual machine",
		};
	}
	const missing = Object.keys(TOOLS).filter((tool) => !surroundings.hasTool(tool));
	if (missing.length > 0) {
		const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].join(" ");
		return {
			ok: false,
			reason: `${missing.join(", ")} not installed`,
			install: `apt-get install ${packages}`,
		};
	}
	const absent = ["/etc/resolv.conf", "/etc/hosts"].filter((file) => !surroundings.hasFile(file));
	if (absent.length > 0) {
		return { ok: false, reason: `there is no ${absent.join(", ")}`, install: `touch ${absent.join(" ")}` };
	}
	const refusals: string[] = [];
	for (const privileges of isRoot ? (["root", "user-namespace"] as const) : (["user-namespace"] as const)) {
		const refusal = surroundings.attempt("unshare", [...unshareArgs(privileges), "sh", "-c", TRIAL]);
		if (refusal === null) return { ok: true, privileges };
		refusals.push(refusal.split("\n")[0] ?? refusal);
	}
	return {
		ok: false,
		reason: `needs root, or network namespaces for ordinary users (${refusals.join("; ")})`,
		install:
			"run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0",
	};
}

let known: LabAvailability | null = null;

/**
 * Whether laboratories can be built here: tries once in earnest (some tens of ms, leaves nothing behind), and
 * then remembers.
 */
export function labAvailability(): LabAvailability {
	known ??= probeLab(thisMachine());
	return known;
}
