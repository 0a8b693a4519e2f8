import {
	type NodeAttempt,
	NodeConnectError,
	type NodeConnected,
	type NodePath,
	P2PNode,
	type PeerAddress,
	PeerAddressError,
	type PipePeer,
	type PipeProtocol,
	readAddress,
} from "@p2pd/core";
import type { Run } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";
import { converse } from "./converse.js";
import { type NodeFlags, nodeOptions } from "./node-options.js";

/** Part of the time that finding out one's own addresses may take: the rest is for connecting. */
const GATHER_PART = 0.3;
/** Kept for saying goodbye and printing, in ms, so that a failure is told before the time is over. */
const RESERVE = 600;

/** Own options of `p2pd connect`. */
interface ConnectFlags extends NodeFlags {
	readonly transport: PipeProtocol;
	readonly via?: readonly NodePath[];
	readonly wait: number;
}

/** `p2pd connect ADDRESS`: stdin to the peer and back, or with `--json` one round trip and a report. */
export const run: Run = async (context, [text = ""], own) => {
	const { out, options, progress, signal, timeLeft } = context;
	const flags = own as unknown as ConnectFlags;
	const address = readPeer(text);
	const given = nodeOptions(context, flags);
	// Without a server of one's own, the peer's is where both can be reached.
	const signals = given.signal?.length ? given.signal : address.signals;
	await using node = new P2PNode({
		...given,
		signal: signals,
		gatherTimeout: Math.round(timeLeft() * GATHER_PART),
	});
	try {
		await progress.during("finding out how this machine can be reached", () => node.start({ signal }));
		const connected = await progress.during(`connecting to ${address.id}`, () =>
			node.connect(address, {
				transport: flags.transport,
				timeout: Math.max(1, timeLeft() - RESERVE),
				signal,
				...(flags.via === undefined ? {} : { via: flags.via }),
				onAttempt: (attempt) => {
					if (!options.json) out.message(attemptLine(attempt));
				},
			}),
		);
		if (options.json) {
			out.json(report(connected));
			await connected.pipe.close();
			return EXIT.ok;
		}
		out.message(
			`connected to ${connected.id} by ${connected.path} over ${connected.transport} in ${connected.ms} ms: ${endpoint(connected.pipe.local)} -> ${endpoint(connected.pipe.remote)}`,
		);
		await converse(context, connected.pipe, { wait: flags.wait });
		return EXIT.ok;
	} catch (error) {
		signal.throwIfAborted();
		if (error instanceof NodeConnectError) {
			if (options.json) {
				out.json(failure(error, flags.transport));
				return EXIT.failed;
			}
			const expired = address.isExpired(Date.now()) ? "; the address has expired: ask for a new one" : "";
			throw new CommandError(`${error.message}${expired}`, { cause: error });
		}
		throw error instanceof CommandError ? error : new CommandError(errorLine(error), { cause: error });
	}
};

/** @throws UsageError for a text that is no address, or one that proves nothing */
function readPeer(text: string): PeerAddress {
	try {
		const address = readAddress(text);
		if (address.signed) return address;
		throw new UsageError("this is an address of P2PD, which is not signed: nobody can be recognised by it", {
			hint: "The other side runs p2pd node, and gives the address that it prints",
		});
	} catch (error) {
		if (error instanceof PeerAddressError) throw new UsageError(errorLine(error), { cause: error });
		throw error;
	}
}

function report({ attempts, id, ms, path, pipe, rttMs, transport }: NodeConnected): object {
	return {
		schema: "p2pd-connect",
		version: 1,
		path,
		transport,
		ms,
		rttMs: Math.round(rttMs * 1000) / 1000,
		local: endpoint(pipe.local),
		remote: endpoint(pipe.remote),
		peer: id,
		attempts: attempts.map(attemptReport),
	};
}

function failure({ attempts, id, ms }: NodeConnectError, transport: PipeProtocol): object {
	return {
		schema: "p2pd-connect",
		version: 1,
		path: null,
		transport,
		ms,
		rttMs: null,
		local: null,
		remote: null,
		peer: id,
		attempts: attempts.map(attemptReport),
	};
}

function attemptReport({ family, ms, outcome, path, reason, to }: NodeAttempt): object {
	return { path, family, to, ms, outcome, reason };
}

function attemptLine({ ms, outcome, path, reason, to }: NodeAttempt): string {
	const where = to === null ? path : `${path} ${to}`;
	if (outcome === "running") return `${where}: trying`;
	if (outcome === "skipped") return `${where}: not tried: ${reason}`;
	return `${where}: ${outcome} after ${ms} ms${reason === null ? "" : `: ${reason}`}`;
}

function endpoint(peer: PipePeer | null): string | null {
	if (peer === null) return null;
	return peer[0].includes(":") ? `[${peer[0]}]:${peer[1]}` : `${peer[0]}:${peer[1]}`;
}
