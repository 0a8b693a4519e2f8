import { endpointText, initP2pd, mapPort, type PortMapProtocol, type PortMapping } from "@p2pd/core";
import type { Context, Run } from "../context.js";
import { CommandError, EXIT, UsageError } from "../errors.js";
import { type Fact, factLines } from "../output/interface-text.js";
import { findNic, socketsOf } from "./common.js";

/** `p2pd map tcp|udp PORT`: a port that the router forwards, until Ctrl-C. */
export const run: Run = async (context, [protocol = "", text = ""], own) => {
	const { out, progress, signal } = context;
	const internalPort = Number(text);
	if (!/^\d+$/.test(text) || internalPort < 1 || internalPort > 65_535) {
		throw new UsageError(`"${text}" is not a port: 1 to 65535`);
	}
	const { nic, gateway, af } = await gatewayOf(context);
	const external = own["external"] as number | undefined;
	const lifetime = own["lifetime"] as number | undefined;
	const result = await progress.during(`asking the router ${gateway} for port ${internalPort}`, async () => {
		const first = await mapPort(
			{
				protocol: protocol as PortMapProtocol,
				internalPort,
				...(external === undefined ? {} : { externalPort: external }),
				...(lifetime === undefined ? {} : { lifetime: lifetime * 1000 }),
				signal,
			},
			{ gateway, sockets: socketsOf(nic, af) },
		);
		// A slow router's answer is taken too: nobody is kept from anything by waiting for it here.
		return first.ok ? first : ((await first.later) ?? first);
	});
	if (!result.ok) {
		for (const { method, reason } of result.attempts) out.message(`${method}: ${reason}`);
		throw new CommandError(`the router ${gateway} forwards no port (${result.reason})`, {
			hint: "port mapping is often switched off: look for UPnP, NAT-PMP or PCP in the router's settings",
		});
	}
	const { mapping } = result;
	try {
		tell(context, mapping, gateway);
		mapping.on("renewed", (now) => out.message(`renewed: ${endpointText(now)}`));
		mapping.on("lost", (reason) => out.warn(`lost: ${reason}`));
		out.message("Ctrl-C deletes it.");
		await new Promise<void>((resolve) => {
			// The mapping's own timer keeps no process alive.
			const hold = setInterval(() => undefined, 2 ** 30);
			const end = (): void => {
				clearInterval(hold);
				resolve();
			};
			if (signal.aborted) end();
			else signal.addEventListener("abort", end, { once: true });
		});
		return EXIT.interrupted;
	} finally {
		await mapping.close();
	}
};

/** The NIC of `--nic`, else the default one, and its router. */
async function gatewayOf({ options, signal }: Context) {
	const netifaces = await initP2pd({ signal });
	const af = options.family ?? 4;
	const name = options.nic ?? netifaces.snapshot.defaults[af]?.name;
	if (name === undefined)
		throw new CommandError(`this host has no IPv${af} default route, so no router to ask`);
	const nic = findNic(netifaces, name);
	const gateway = nic.gateways[af].find(({ ip }) => ip !== null)?.ip;
	if (gateway === undefined || gateway === null) throw new CommandError(`${name} has no IPv${af} gateway`);
	return { nic, gateway, af };
}

function tell({ out, options }: Context, mapping: PortMapping, gateway: string): void {
	const { protocol, internalPort, method, external, reach, verified, timeLeft } = mapping;
	const lifetimeSeconds = Number.isFinite(timeLeft) ? Math.round(timeLeft / 1000) : null;
	if (options.json) {
		const plain = { protocol, internalPort, external, method, gateway, reach, verified, lifetimeSeconds };
		out.json({ schema: "p2pd-map", version: 1, ...plain });
		return;
	}
	const facts: Fact[] = [
		[
			"external",
			`${endpointText(external)}${reach === "second-nat" ? " (not public: there is a second NAT behind the router)" : ""}`,
		],
		["internal", `${protocol} port ${internalPort}`],
		["by", `${method}, router ${gateway}`],
		["lease", lifetimeSeconds === null ? "until it is deleted" : `${lifetimeSeconds} s, renewed at half`],
	];
	out.result(factLines(facts, out.colours, out.columns));
}
