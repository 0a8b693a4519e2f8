import { type Address, type Family, StunClient, type StunMapping } from "@p2pd/core";
import type { Context, Run } from "../context.js";
import { CommandError, EXIT, errorLine } from "../errors.js";
import { type Fact, factLines } from "../output/interface-text.js";
import { resolveTarget, socketsFor } from "./common.js";

/** STUN's port (RFC 8489 section 8.1); over TLS it is 5349. */
const STUN_PORT = 3478;
const STUN_TLS_PORT = 5349;

type Transport = "udp" | "tcp" | "tls";

/** `p2pd stun HOST[:PORT]`: what one STUN server sees of this machine. */
export const run: Run = async (context, [target = ""], own) => {
	const { out, options, progress } = context;
	const transport = (own["transport"] ?? "udp") as Transport;
	const address = await resolveTarget(context, target, transport === "tls" ? STUN_TLS_PORT : STUN_PORT);
	const families = address.supported().filter((af) => options.family === undefined || af === options.family);
	if (families.length === 0) throw new CommandError(`${address.host} has no IPv${options.family} address`);
	const outcomes = await progress.during(`asking ${target} over ${transport.toUpperCase()}`, () =>
		Promise.allSettled(families.map((af) => ask(context, address, af, transport))),
	);
	const mappings = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
	if (options.json) {
		const plain = mappings.map(({ message: _message, ...mapping }) => mapping);
		out.json({ schema: "p2pd-stun", version: 1, target, transport, mappings: plain });
	} else {
		for (const mapping of mappings) out.result(factLines(facts(mapping), out.colours, out.columns));
	}
	for (const [index, outcome] of outcomes.entries()) {
		if (outcome.status === "rejected") out.warn(`IPv${families[index]}: ${errorLine(outcome.reason)}`);
	}
	if (mappings.length === 0)
		throw new CommandError(`${target} gave no answer over ${transport.toUpperCase()}`);
	return EXIT.ok;
};

async function ask(
	context: Context,
	address: Address,
	af: Family,
	transport: Transport,
): Promise<StunMapping> {
	const { ip, port } = address.select(af);
	const client = new StunClient(
		{
			server: { ip, port, host: address.host },
			transport,
			mode: transport === "udp" ? "auto" : "rfc8489",
			timeout: context.timeLeft(),
			// One server and no change requests, so the socket can be connected, and a refusal is reported at once.
			connected: transport === "udp",
		},
		{ sockets: await socketsFor(context, af) },
	);
	try {
		return await client.getMapping({ signal: context.signal });
	} finally {
		await client.close();
	}
}

function facts(mapping: StunMapping): Fact[] {
	const { server, local, mapped, otherAddress, rtt, sends, dialect, software } = mapping;
	const at = ({ ip, port }: { ip: string; port: number }): string => `${ip} port ${port}`;
	return [
		[
			"server",
			`${at(server)}, ${dialect === "rfc3489" ? "RFC 3489" : "RFC 8489"}${software ? `, ${software}` : ""}`,
		],
		["local", at(local)],
		["mapped", at(mapped)],
		[
			"second address",
			otherAddress === undefined
				? "not told (without one it cannot tell how a NAT filters)"
				: at(otherAddress),
		],
		["round trip", `${rtt.toFixed(1)} ms${sends > 1 ? `, after ${sends} sends` : ""}`],
	];
}
