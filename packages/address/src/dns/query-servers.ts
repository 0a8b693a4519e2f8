import type { Clock } from "../clock.js";
import { DNS_PORT, SERVER_TRY_MS } from "../defaults.js";
import {
	AddressDnsError,
	AddressFamilyError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressValueError,
} from "../errors.js";
import { hostPortText } from "../target/host-port-text.js";
import { parseTarget } from "../target/parse-target.js";
import type { Family, HostPort } from "../types.js";
import { within } from "../within.js";
import { askTcp } from "./ask-tcp.js";
import { askUdp } from "./ask-udp.js";
import type { Question, Reply } from "./message.js";
import type { DnsAttempt, DnsSockets } from "./types.js";

/** A DNS server by its address. */
export interface DnsServer extends HostPort {
	readonly af: Family;
}

/** What the queries of one resolution share. */
export interface ServerContext {
	readonly servers: readonly DnsServer[];
	/** The sockets for a server's family, or undefined where it cannot be reached with any. */
	readonly socketsFor: (af: Family) => DnsSockets | undefined;
	readonly clock: Clock;
	readonly random: (size: number) => Uint8Array;
	/** Filled as the exchanges end. */
	readonly attempts: DnsAttempt[];
}

/**
 * Reads the addresses of DNS servers: an IP, with a port where it is not 53.
 * @throws AddressSyntaxError for what is no IP, AddressValueError for an empty list.
 */
export function parseServers(servers: readonly string[]): DnsServer[] {
	if (servers.length === 0) throw new AddressValueError("[]", "an empty list of DNS servers");
	return servers.map((text) => {
		const { host, port, af } = parseTarget(text, { defaultPort: DNS_PORT });
		if (af === undefined) throw new AddressSyntaxError(text, 0, "a DNS server is given by its IP");
		return { ip: host, port, af };
	});
}

/**
 * The addresses of one family, from the first server that can tell. A server that fails, refuses or is silent
 * is passed over for the next one, and after the last one the first is asked again with more time; what each
 * said is in `attempts`. That a name has none is an answer, and final.
 */
export async function queryServers(
	host: string,
	af: Family,
	context: ServerContext,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const reachable = context.servers.filter((server) => context.socketsFor(server.af));
	const [first] = reachable;
	if (!first) throw noServerOfFamily(host, context.servers);
	const failures: Error[] = [];
	for (const timeout of SERVER_TRY_MS) {
		for (const server of reachable) {
			try {
				return await ask(host, af, server, timeout, context, signal);
			} catch (error) {
				if (!(error instanceof AddressDnsError)) throw error;
				failures.push(error);
			}
		}
	}
	const last = failures.at(-1);
	const detail = last instanceof AddressDnsError ? last.detail : "no answer";
	throw new AddressDnsError(host, detail, hostPortText(first), { cause: new AggregateError(failures) });
}

async function ask(
	host: string,
	af: Family,
	server: DnsServer,
	timeout: number,
	context: ServerContext,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const question: Question = { id: randomId(context.random), host, af };
	const udp = await exchange("udp", question, server, timeout, context, signal);
	const reply =
		udp.kind === "truncated" ? await exchange("tcp", question, server, timeout, context, signal) : udp;
	if (reply.kind === "addresses") return reply.addresses;
	if (reply.kind === "none")
		throw new AddressNotFoundError(host, `${reply.rcode} from ${hostPortText(server)}`);
	const cause = reply.kind === "malformed" ? { cause: reply.cause } : undefined;
	throw new AddressDnsError(host, outcomeOf(reply), hostPortText(server), cause);
}

async function exchange(
	transport: "udp" | "tcp",
	question: Question,
	server: DnsServer,
	timeout: number,
	{ socketsFor, clock, attempts }: ServerContext,
	signal: AbortSignal,
): Promise<Reply> {
	const name = hostPortText(server);
	const started = clock.now();
	const note = (outcome: string): void => {
		attempts.push({ server: name, transport, af: question.af, outcome, took: clock.now() - started });
	};
	const onTimeout = (): Error => new AddressDnsError(question.host, "timeout", name);
	try {
		const reply = await within({ timeout, clock, signal, onTimeout }, async (inner) => {
			const sockets = socketsFor(server.af);
			if (!sockets) throw noServerOfFamily(question.host, [server]);
			return (transport === "udp" ? askUdp : askTcp)(question, server, sockets, inner);
		});
		note(outcomeOf(reply));
		return reply;
	} catch (cause) {
		if (signal.aborted) {
			note("aborted");
			throw signal.reason;
		}
		if (cause instanceof AddressDnsError) {
			note(cause.detail);
			throw cause;
		}
		const code = codeOf(cause);
		// An error without a code is no network's doing: it is a mistake, and is not passed over.
		if (code === undefined) throw cause;
		note(code);
		throw new AddressDnsError(question.host, code, name, { cause });
	}
}

function outcomeOf(reply: Reply): string {
	if (reply.kind === "addresses") return "answer";
	return reply.kind === "none" || reply.kind === "failed" ? reply.rcode : reply.kind;
}

function noServerOfFamily(host: string, servers: readonly DnsServer[]): AddressFamilyError {
	const found = [...new Set(servers.map((server) => server.af))];
	const wanted: Family = found[0] === 4 ? 6 : 4;
	return new AddressFamilyError(host, wanted, found, `the route is IPv${wanted} and no DNS server is`);
}

function codeOf(error: unknown): string | undefined {
	if (!(error instanceof Error) || !("code" in error)) return undefined;
	return typeof error.code === "string" ? error.code : undefined;
}

function randomId(random: (size: number) => Uint8Array): number {
	const [high = 0, low = 0] = random(2);
	return (high << 8) | low;
}
