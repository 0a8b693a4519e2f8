import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { LabAvailability } from "./types.js";

/** The tools that a laboratory runs, with the Debian package of each. */
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
};

/** System tools are often outside of an ordinary user's search path. */
export function labPath(): string {
	const { PATH = "" } = process.env;
	const dirs = PATH.split(delimiter).filter((dir) => dir !== "");
	return [...new Set([...dirs, "/usr/sbin", "/sbin", "/usr/bin", "/bin"])].join(delimiter);
}

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function missingTools(path: string): string[] {
	return Object.keys(TOOLS).filter(
		(tool) => !path.split(delimiter).some((dir) => isExecutable(join(dir, tool))),
	);
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

function probe(): LabAvailability {
	if (process.platform !== "linux") {
		return {
			ok: false,
			reason: `needs Linux, this is ${process.platform}`,
			install: "run it in a Linux virtual machine",
		};
	}
	const path = labPath();
	const missing = missingTools(path);
	if (missing.length > 0) {
		const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].join(" ");
		return {
			ok: false,
			reason: `${missing.join(", ")} not installed`,
			install: `apt-get install ${packages}`,
		};
	}
	for (const file of ["/etc/resolv.conf", "/etc/hosts"]) {
		if (!existsSync(file)) return { ok: false, reason: `there is no ${file}`, install: `create ${file}` };
	}
	const ways =
		process.getuid?.() === 0 ? (["root", "user-namespace"] as const) : (["user-namespace"] as const);
	const refusals: string[] = [];
	for (const privileges of ways) {
		const trial = spawnSync("unshare", [...unshareArgs(privileges), "sh", "-c", TRIAL], {
			env: { ...process.env, PATH: path },
			encoding: "utf8",
			timeout: 10_000,
			killSignal: "SIGKILL",
			stdio: ["ignore", "ignore", "pipe"],
		});
		if (trial.status === 0) return { ok: true, privileges };
		refusals.push(trial.error?.message ?? trial.stderr.trim().split("\n")[0] ?? `status ${trial.status}`);
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
	known ??= probe();
	return known;
}
