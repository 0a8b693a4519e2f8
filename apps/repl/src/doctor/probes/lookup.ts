import { Address, type Family, type SocketFactory } from "@p2pd/core";
import { codeOf, errorLine } from "../../errors.js";
import { LOOKUP_GRACE } from "../defaults.js";
import type { LookupFact, LookupOutcome } from "../types.js";

/** A name to look up, and by which way. */
export interface Question {
	readonly name: string;
	/** The DNS server to ask; null for the system's way. */
	readonly server: string | null;
	/** Sockets to ask that server through; null where the kernel chooses. */
	readonly sockets: SocketFactory | null;
	/** In ms. */
	readonly timeout: number;
	readonly signal: AbortSignal;
}

/** Looks a name up in both families. What the network does is data. @throws the signal's reason */
export async function lookUp(question: Question): Promise<LookupFact[]> {
	const { name, server, timeout, signal } = question;
	const started = performance.now();
	const outcomes = await ask(question);
	signal.throwIfAborted();
	const took = Math.min(Math.round(performance.now() - started), timeout);
	return ([4, 6] as const).map((af) => ({
		name,
		af,
		way: server === null ? "system" : "direct",
		server,
		outcome: outcomes[af],
		took,
	}));
}

async function ask({
	name,
	server,
	sockets,
	timeout,
	signal,
}: Question): Promise<Record<Family, LookupOutcome>> {
	// The port plays no part in a lookup.
	const options = server === null ? {} : { servers: [server] };
	const address = new Address(name, 1, { ...options, grace: LOOKUP_GRACE });
	try {
		await address.res(sockets, { timeout, signal });
	} catch (error) {
		const outcome = failed(error);
		return { 4: outcome, 6: outcome };
	}
	const of = (af: Family): LookupOutcome => {
		const report = address.resolution.families[af];
		if (report.status === "found") return { status: "found", ips: address.endpoints(af).map(({ ip }) => ip) };
		if (report.status === "failed") return failed(report.error);
		return {
			status: "failed",
			error: report.status === "late" ? "no answer while the other family had one" : "not asked",
		};
	};
	return { 4: of(4), 6: of(6) };
}

const failed = (error: unknown): LookupOutcome =>
	codeOf(error) === "ERR_ADDRESS_NOT_FOUND"
		? { status: "none" }
		: { status: "failed", error: errorLine(error) };
