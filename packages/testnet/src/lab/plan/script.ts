import type { LabPlan, NamespacePlan } from "./types.js";

/** Ends of heredocs, one for a file and one for what the file itself feeds to a tool; no line of a plan can be these. */
const FILE_END = "P2PD_LAB_FILE";
const INPUT_END = "P2PD_LAB_INPUT";

const heredoc = (target: string, text: string, end: string): string =>
	`${target} <<'${end}'\n${text.replace(/\n*$/, "\n")}${end}`;
const file = (name: string, text: string): string => heredoc(`cat > "$LAB/${name}"`, text, FILE_END);

const writeSysctls = (sysctls: ReadonlyMap<string, string>): string[] =>
	[...sysctls].map(([path, value]) => `echo ${value} > /proc/sys/net/${path}`);

/** What a namespace's first process does: give it files of its own, report that it is ready, and keep it open. */
function initText(namespace: NamespacePlan): string {
	return [
		"mount -t sysfs p2pd-lab /sys",
		`mount --bind "$LAB/${namespace.name}.resolv" /etc/resolv.conf`,
		...writeSysctls(namespace.sysctls),
		`echo "up ${namespace.name} $$" >&9`,
		"exec sleep infinity 9>&-",
	].join("\n");
}

function configureText(namespace: NamespacePlan): string {
	return [
		heredoc("ip -batch -", namespace.ip.join("\n"), INPUT_END),
		...(namespace.nft === "" ? [] : [heredoc("nft -f -", namespace.nft, INPUT_END)]),
		...writeSysctls(namespace.lateSysctls),
	].join("\n");
}

const pidOf = (name: string): string => `$pid_${name.replaceAll("-", "_")}`;

/**
 * The shell script that builds a plan's namespaces, links and rules, as process 1 of a PID namespace: when it
 * ends, for whatever reason, the kernel ends every other process and with them every namespace. It prints
 * `ready` and a line `NAME PID` for each namespace, then `end`, and then waits for its standard input to
 * close, which it does with the process that built it.
 *
 * `$LAB` is an empty directory, which is covered by a private tmpfs.
 */
export function labScript(plan: LabPlan): string {
	const names = plan.namespaces.map((namespace) => namespace.name);
	const links = plan.links.map(
		([a, b]) =>
			`link add name ${a.name} netns ${pidOf(a.namespace)} type veth peer name ${b.name} netns ${pidOf(b.namespace)}`,
	);
	return [
		"set -eu",
		'mount -t tmpfs -o mode=0755 p2pd-lab "$LAB"',
		// Names come from the laboratory's DNS alone: no hosts file, and no daemon behind a Unix socket.
		file("hosts", "127.0.0.1 localhost\n::1 localhost"),
		file("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns"),
		'mount --bind "$LAB/hosts" /etc/hosts',
		'if [ -e /etc/nsswitch.conf ]; then mount --bind "$LAB/nsswitch.conf" /etc/nsswitch.conf; fi',
		"if [ -d /run/nscd ]; then mount -t tmpfs p2pd-lab /run/nscd; fi",
		'mkfifo "$LAB/up"',
		'exec 9<>"$LAB/up"',
		...plan.namespaces.flatMap((namespace) => [
			file(`${namespace.name}.resolv`, namespace.resolvConf),
			file(`${namespace.name}.init`, initText(namespace)),
			file(`${namespace.name}.configure`, configureText(namespace)),
			`{ unshare --net --mount sh -eu "$LAB/${namespace.name}.init" </dev/null || echo "down ${namespace.name} 0" >&9; } &`,
		]),
		`for each in ${names.join(" ")}; do`,
		"\tread -r state name pid <&9",
		'\tif [ "$state" != up ]; then echo "namespace $name could not be made" >&2; exit 1; fi',
		'\teval "pid_$(echo "$name" | tr - _)=$pid"',
		"done",
		...(links.length === 0 ? [] : [`ip -batch - <<${INPUT_END}\n${links.join("\n")}\n${INPUT_END}`]),
		'jobs=""',
		...names.flatMap((name) => [
			`nsenter --target ${pidOf(name)} --net sh -eu "$LAB/${name}.configure" 9>&- &`,
			'jobs="$jobs $!"',
		]),
		'for job in $jobs; do wait "$job"; done',
		"echo ready",
		...names.map((name) => `echo "${name} ${pidOf(name)}"`),
		"echo end",
		"exec cat >/dev/null 9>&-",
	].join("\n");
}
