import {
	type Address,
	type Pipe,
	type PipeOptions,
	type PipePeer,
	type PipeProtocol,
	pipeOpen,
} from "@p2pd/core";
import type { Context, Run } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";
import { resolveTarget, socketsFor } from "./common.js";
import { converse } from "./converse.js";

/** Own options of `p2pd pipe`. */
interface PipeFlags {
	readonly listen?: number;
	readonly tls?: true;
	readonly insecure?: true;
	readonly wait: number;
}

/** `p2pd pipe tcp|udp TARGET`, `p2pd pipe tcp|udp --listen PORT`: stdin to the peer, what the peer sends to stdout. */
export const run: Run = async (context, [protocol = "", target], own) => {
	const flags = own as unknown as PipeFlags;
	if (protocol !== "tcp" && protocol !== "udp")
		throw new UsageError(`a pipe is tcp or udp, not "${protocol}"`);
	if ((target === undefined) === (flags.listen === undefined)) {
		throw new UsageError("give a target, or --listen with a port, and not both");
	}
	if (flags.insecure && !flags.tls) throw new UsageError("--insecure goes with --tls");
	if (flags.tls && (protocol === "udp" || flags.listen !== undefined)) {
		throw new UsageError("--tls is for a TCP pipe to a target");
	}
	const pipe =
		target === undefined
			? await serve(context, protocol, flags.listen ?? 0)
			: await dial(context, protocol, target, flags);
	await converse(context, pipe, flags.wait);
	return EXIT.ok;
};

async function dial(
	context: Context,
	protocol: PipeProtocol,
	target: string,
	flags: PipeFlags,
): Promise<Pipe> {
	const { options, out, progress, signal } = context;
	const address = await resolveTarget(context, target, 0);
	if (address.port === 0) throw new UsageError(`"${target}" has no port`);
	const af = options.family ?? address.endpoints()[0]?.af ?? 4;
	const pipe = await progress.during(`connecting to ${target}`, async () =>
		open(await socketsFor(context, af), protocol, address, {
			signal,
			...(protocol === "tcp" ? { connectTimeout: context.timeLeft(), halfOpen: true } : {}),
			...(flags.tls ? { tls: flags.insecure ? { insecure: true } : true } : {}),
		}),
	);
	out.message(`${protocol} ${peerText(pipe.local)} -> ${peerText(pipe.remote)}`);
	return pipe;
}

/** Opens a server; on TCP the conversation is with the first client that comes. */
async function serve(context: Context, protocol: PipeProtocol, port: number): Promise<Pipe> {
	const { options, out, signal } = context;
	const sockets = await socketsFor(context, options.family ?? 4);
	const server = await open(sockets, protocol, undefined, { localPort: port, signal });
	out.message(`${protocol} listening on ${peerText(server.local)}`);
	if (protocol === "udp") return server;
	try {
		const client = await server.accept({ timeout: Number.POSITIVE_INFINITY, signal });
		if (client === null) throw new CommandError("nobody connected");
		out.message(`${protocol} ${peerText(client.remote)} -> ${peerText(client.local)}`);
		client.onEnd(() => void server.close());
		return client;
	} catch (error) {
		await server.close();
		throw error;
	}
}

async function open(
	sockets: Awaited<ReturnType<typeof socketsFor>>,
	protocol: PipeProtocol,
	address: Address | undefined,
	options: PipeOptions,
): Promise<Pipe> {
	try {
		return await pipeOpen(sockets, protocol, address, options);
	} catch (error) {
		options.signal?.throwIfAborted();
		throw new CommandError(errorLine(error), { cause: error });
	}
}

const peerText = (peer: PipePeer | null): string => {
	if (peer === null) return "nobody";
	return peer[0].includes(":") ? `[${peer[0]}]:${peer[1]}` : `${peer[0]}:${peer[1]}`;
};
