import { type Command, InvalidArgumentError, Option } from "commander";
import type { Run } from "./context.js";

/** Where a command's body is: loaded when the command is asked for, so that no command pays for another. */
export type Load = () => Promise<{ run: Run }>;

/** Adds one command: its usage, what it does, its body, and examples for its help. */
export type Add = (usage: string, description: string, load: Load, samples: readonly string[]) => Command;

/** Limits the first argument of a command to a list, which completion offers too. */
function choose(command: Command, choices: readonly string[]): Command {
	command.registeredArguments[0]?.choices(choices);
	return command;
}

/** Every command, in the order of the help. */
export function describeCommands(add: Add): void {
	add(
		"list",
		"Every NIC as the operating system has it. Sends nothing.",
		() => import("./commands/list.js"),
		["p2pd list", "p2pd list --family 6 --json"],
	).option("--names", "the names alone, one a line");
	add(
		"show [nic]",
		"A NIC's addresses, external addresses, NAT and routes.",
		() => import("./commands/show.js"),
		[
			"p2pd show",
			"p2pd show eth0 --json",
			"p2pd show --diagram",
			"p2pd show --stun stun.example.com:3478 --no-nat",
		],
	)
		.option("--diagram", "draw this host, its NIC, the NAT and the outside")
		.option("--svg <file>", "write the diagram as a picture; - is stdout")
		.option("--watch", "show it again whenever the network changes");
	add("ip", "The external addresses, one a line.", () => import("./commands/ip.js"), [
		"p2pd ip",
		"p2pd ip --family 4 --nic wlan0",
	]);
	add(
		"routes [nic]",
		"Which external address each address of a NIC has.",
		() => import("./commands/routes.js"),
		["p2pd routes", "p2pd routes eth0 --family 4"],
	);
	add(
		"nat [nic]",
		"What kind of NAT there is, in RFC 4787's terms, and why.",
		() => import("./commands/nat.js"),
		["p2pd nat", "p2pd nat --json --timeout 5000", "p2pd nat --watch"],
	).option("--watch", "test again whenever the network changes");
	add(
		"stun <host[:port]>",
		"What one STUN server sees of this machine.",
		() => import("./commands/stun.js"),
		["p2pd stun stun.example.com", "p2pd stun 127.0.0.1:3478 --transport tcp"],
	).addOption(new Option("--transport <name>", "how to ask").choices(["udp", "tcp", "tls"]).default("udp"));
	add(
		"resolve <target>",
		"The addresses of a host, in the order to try them.",
		() => import("./commands/resolve.js"),
		["p2pd resolve example.com", "p2pd resolve example.com --dns 9.9.9.9 --nic eth0"],
	).option("--dns <ip...>", "ask these DNS servers, through the NIC, and not the system");
	const pipe = add(
		"pipe <protocol> [target]",
		"Stdin to a peer and back, like netcat, through the NIC.",
		() => import("./commands/pipe.js"),
		[
			"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | p2pd pipe tcp example.com:80",
			"p2pd pipe udp --listen 9000 --nic eth0",
			"p2pd pipe tcp example.com:443 --tls",
			"p2pd pipe tcp --listen 8443 --tls --cert cert.pem --key key.pem --keep-open",
			"p2pd pipe tcp example.com:22 -z",
			"p2pd pipe udp example.com:9000 --mtu 1400 < file",
		],
	);
	choose(pipe, ["tcp", "udp"])
		.addOption(
			new Option("-l, --listen <port>", "wait for a peer on this port; 0 takes a free one").argParser(
				portNumber,
			),
		)
		.option("-k, --keep-open", "with --listen: serve one TCP client after another")
		.option("-z, --zero", "connect, say so, and close: nothing is sent")
		.addOption(
			new Option(
				"--mtu <bytes>",
				"on UDP: send at most so many bytes in a datagram (default: 1200)",
			).argParser(datagramBytes),
		)
		.option("--tls", "TLS, the peer verified")
		.option("--insecure", "TLS without verifying the peer")
		.option("--cert <file>", "this side's certificate for TLS, as PEM; needed with --listen")
		.option("--key <file>", "the key of --cert, as PEM")
		.option("--ca <file>", "trust these authorities for TLS, as PEM, instead of Node's")
		.addOption(
			new Option("--wait <ms>", "on UDP: end after so much silence once stdin has ended")
				.argParser(milliseconds)
				.default(1000),
		);
	const node = add(
		"node",
		"A node that others can connect to. Its address is the first line of stdout.",
		() => import("./commands/node.js"),
		["p2pd node --signal mqtts://broker.example", "p2pd node --identity ~/.p2pd-key --port 10001 --echo"],
	);
	addNodeOptions(node).option("--echo", "send back what connections send");
	const connect = add(
		"connect <address>",
		"Connect to a node, through NATs, encrypted: stdin to it and back.",
		() => import("./commands/connect.js"),
		[
			"p2pd connect p2pd1AbC...",
			"p2pd connect p2pd1AbC... --json",
			"p2pd connect p2pd1AbC... --via lan,direct",
		],
	);
	addNodeOptions(connect)
		.addOption(
			new Option("--transport <name>", "a stream or datagrams").choices(["tcp", "udp"]).default("tcp"),
		)
		.addOption(
			new Option("--via <ways>", `only these ways, separated by commas: ${PATHS.join(", ")}`).argParser(
				paths,
			),
		)
		.addOption(
			new Option("--wait <ms>", "on UDP: end after so much silence once stdin has ended")
				.argParser(milliseconds)
				.default(1000),
		);
	const serve = add(
		"serve <what>",
		"A server of ours: stun or signal.",
		() => import("./commands/serve.js"),
		[
			"p2pd serve stun --address 127.0.0.1 --alternate 127.0.0.2",
			"p2pd serve signal --address 192.0.2.1 --name broker.example:1883",
		],
	);
	choose(serve, ["stun", "signal"])
		.option("--address <ip>", "the address to serve on", "127.0.0.1")
		.option("--alternate <ip>", "a second address, so that clients can learn how their NAT filters")
		.addOption(
			new Option("--port <n>", "the port; 0 takes a free one (default: 3478 or 1883)").argParser(portNumber),
		)
		.addOption(
			new Option("--alternate-port <n>", "the second address's port (default: the next one)").argParser(
				portNumber,
			),
		)
		.option("--tcp", "stun: serve over TCP too")
		.addOption(
			new Option("--name <host:port>", "signal: a name by which nodes know the broker; repeat it").argParser(
				collect,
			),
		)
		.option("--cert <file>", "signal: a certificate chain (PEM), for mqtts")
		.option("--key <file>", "signal: its private key (PEM)");
	add("watch", "Changes of the NICs as they come. Sends nothing.", () => import("./commands/watch.js"), [
		"p2pd watch",
		"p2pd watch --nic wlan0 --json",
	]);
	add(
		"doctor",
		"What works on the network, what does not, why, and what to do.",
		() => import("./commands/doctor.js"),
		["p2pd doctor", "p2pd doctor --nic wlan0 --json", "p2pd doctor --router-wan 100.64.3.7"],
	)
		.option("--verbose", "evidence and advice for every finding, not one line for each")
		.option("--name <host...>", "look up these names and not those of the STUN servers")
		.option("--dns <ip...>", "ask these DNS servers directly and not the system's")
		.option("--nat64", "ask for RFC 7050's name, ipv4only.arpa, to find a NAT64")
		.option("--router-wan <ip>", "what the router shows as its own external address: tells a second NAT");
	const map = add(
		"map <protocol> <port>",
		"A port that the router forwards to this host, until Ctrl-C.",
		() => import("./commands/map.js"),
		["p2pd map tcp 4000", "p2pd map udp 4000 --external 5000 --lifetime 600 --json"],
	)
		.addOption(new Option("--external <port>", "the external port to ask for").argParser(portNumber))
		.addOption(new Option("--lifetime <s>", "the lease to ask for, in seconds").argParser(seconds));
	choose(map, ["tcp", "udp"]);
	const completion = add(
		"completion <shell>",
		"A completion script for bash, zsh or fish.",
		() => import("./commands/completion.js"),
		["source <(p2pd completion bash)", "p2pd completion fish | source"],
	);
	choose(completion, ["bash", "zsh", "fish"]);
	add("man", "The manual page of this command, for man(1).", () => import("./commands/man.js"), [
		"p2pd man | man -l -",
	]);
	add("demo", "The first program on loopback, with servers of our own.", () => import("./commands/demo.js"), [
		"p2pd demo",
		"p2pd demo --shell",
		"p2pd demo --peers",
	])
		.option("--shell", "open the shell afterwards, the servers still there")
		.option("--peers", "two nodes that connect, and their signal server, instead");
}

/** The ways that two nodes can come together by, the best first. */
const PATHS = ["lan", "direct", "reverse", "punch", "relay"];

/** The options of commands that run a node. */
function addNodeOptions(command: Command): Command {
	return command
		.addOption(
			new Option(
				"--signal <url>",
				"signal server, or @FILE with one a line; repeat it (also: P2PD_SIGNAL)",
			).argParser(collect),
		)
		.addOption(
			new Option(
				"--turn <url>",
				"relay, turn:USER:PASS@HOST:PORT, or @FILE with one a line; repeat it (also: P2PD_TURN)",
			).argParser(collect),
		)
		.addOption(new Option("--port <n>", "the port to listen on (default: by the keys)").argParser(portNumber))
		.option(
			"--identity <file>",
			"the file of the node's keys; it is made if it is not there (default: new keys)",
		)
		.option("--no-lan", "leave LAN addresses out of the node's address")
		.option("--no-port-mapping", "do not ask the router to forward the node's port");
}

function collect(text: string, before: readonly string[] | undefined): readonly string[] {
	return [...(before ?? []), text];
}

function paths(text: string): readonly string[] {
	const list = text.split(",").map((one) => one.trim());
	const wrong = list.find((one) => !PATHS.includes(one));
	if (wrong !== undefined)
		throw new InvalidArgumentError(`The ways are ${PATHS.join(", ")}, not "${wrong}".`);
	return list;
}

/** Reads an option that is a time. */
export function milliseconds(text: string): number {
	const value = Number(text);
	if (!Number.isFinite(value) || value <= 0)
		throw new InvalidArgumentError("It is a number of milliseconds above 0.");
	return value;
}

function datagramBytes(text: string): number {
	const bytes = Number(text);
	if (!Number.isInteger(bytes) || bytes < 1 || bytes > 65_507) {
		throw new InvalidArgumentError("It is a number of bytes from 1 to 65507.");
	}
	return bytes;
}

function portNumber(text: string): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("It is a port: 0 to 65535.");
	return value;
}

function seconds(text: string): number {
	const value = Number(text);
	if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError("It is a number of seconds above 0.");
	return value;
}
