import {
	type Clock,
	type Endpoint,
	endpointText,
	type Family,
	type RandomBytes,
	withDeadline,
} from "@p2pd/net";
import { DNS_PORT, SERVER_TRY_TIMEOUTS } from "../defaults.js";
import {
	AddressDnsError,
	AddressFamilyError,
	AddressNotFoundError,
	AddressSyntaxError,
	AddressValueError,
} from "../errors.js";
import type { DnsAttempt, ResolverSockets } from "../resolve/types.js";
import { parseTarget } from "../target/target.js";
import { askTcp, askUdp } from "./exchange.js";
import type { Question, Reply } from "./message.js";

/** A DNS server by its address, in canonical text. */
export interface DnsServer extends Endpoint {
	readonly af: Family;
}

/** What the queries of one lookup share. */
export interface QueryContext {
	/** The sockets for a server's family, or undefined if there are none. */
	readonly socketsFor: (af: Family) => ResolverSockets | undefined;
	readonly clock: Clock;
	readonly random: RandomBytes;
	/** Each exchange is added when it ends. */
	readonly attempts: DnsAttempt[];
}

/**
 * Reads the addresses of DNS servers: an IP, with a port unless it is 53.
 *
 * @throws AddressSyntaxError for anything but an IP, AddressValueError for an empty list
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
 * The addresses of one family, from the first server that has an answer. After a failure, a refusal or silence the
 * next server is asked, and after the last one the first again, with more time. A definite "none" is final.
 *
 * @throws AddressNotFoundError, AddressDnsError with every failure in its cause, AddressFamilyError if there are no
 * sockets for any server, the signal's reason
 */
export async function queryServers(
	host: string,
	af: Family,
	servers: readonly DnsServer[],
	context: QueryContext,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const reachable = servers.filter((server) => context.socketsFor(server.af));
	const [first] = reachable;
	if (!first) throw noServerOfFamily(host, servers);
	const failures: AddressDnsError[] = [];
	for (const timeout of SERVER_TRY_TIMEOUTS) {
		for (const server of reachable) {
			try {
				return await ask(host, af, server, timeout, context, signal);
			} catch (error) {
				if (!(error instanceof AddressDnsError)) throw error;
				failures.push(error);
			}
		}
	}
	const detail = failures.at(-1)?.detail ?? "no answer";
	throw new AddressDnsError(host, detail, endpointText(first), { cause: new AggregateError(failures) });
}

/** Asks one server, over TCP too if its answer was cut. */
async function ask(
	host: string,
	af: Family,
	server: DnsServer,
	timeout: number,
	context: QueryContext,
	signal: AbortSignal,
): Promise<readonly string[]> {
	const question: Question = { id: randomId(context.random), host, af };
	const udp = await exchange("udp", question, server, timeout, context, signal);
	const reply =
		udp.kind === "truncated" ? await exchange("tcp", question, server, timeout, context, signal) : udp;
	const name = endpointText(server);
	if (reply.kind === "addresses") return reply.addresses;
	if (reply.kind === "none") throw new AddressNotFoundError(host, `${reply.rcode} from ${name}`);
	const cause = reply.kind === "malformed" ? { cause: reply.cause } : undefined;
	throw new AddressDnsError(host, outcomeOf(reply), name, cause);
}

async function exchange(
	transport: "udp" | "tcp",
	question: Question,
	server: DnsServer,
	timeout: number,
	{ socketsFor, clock, attempts }: QueryContext,
	signal: AbortSignal,
): Promise<Reply> {
	const name = endpointText(server);
	const started = clock.now();
	const note = (outcome: string): void => {
		attempts.push({ server: name, transport, af: question.af, outcome, took: clock.now() - started });
	};
	const onTimeout = (): Error => new AddressDnsError(question.host, "timeout", name);
	try {
		const reply = await withDeadline({ timeout, clock, signal, onTimeout }, async (inner) => {
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
		// An error without a code does not come from the network: it is a bug, and hiding it would not help.
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
	return new AddressFamilyError(host, wanted, found, `the sockets are IPv${wanted} and no DNS server is`);
}

function codeOf(error: unknown): string | undefined {
	if (!(error instanceof Error) || !("code" in error)) return undefined;
	return typeof error.code === "string" ? error.code : undefined;
}

function randomId(random: RandomBytes): number {
	const [high = 0, low = 0] = random(2);
	return (high << 8) | low;
}
