import { readFile } from "node:fs/promises";
import {
	type Address,
	type Pipe,
	type PipeOptions,
	type PipeProtocol,
	type PipeTlsOptions,
	pipeOpen,
} from "@p2pd/core";
import { endpointText } from "@p2pd/core/net";
import type { Context, Run } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";
import { resolveTarget, socketsFor } from "./common.js";
import { converse, Input } from "./converse.js";

/** Own options of `p2pd pipe`. */
interface PipeFlags {
	readonly listen?: number;
	readonly keepOpen?: true;
	readonly zero?: true;
	readonly mtu?: number;
	readonly tls?: true;
	readonly insecure?: true;
	readonly cert?: string;
	readonly key?: string;
	readonly ca?: string;
	readonly wait: number;
}

/** `p2pd pipe tcp|udp TARGET`, `p2pd pipe tcp|udp --listen PORT`: stdin to the peer, what the peer sends to stdout. */
export const run: Run = async (context, [protocol = "", target], own) => {
	const flags = own as unknown as PipeFlags;
	if (protocol !== "tcp" && protocol !== "udp")
		throw new UsageError(`a pipe is tcp or udp, not "${protocol}"`);
	checkFlags(protocol, target, flags);
	if (target === undefined) {
		await serve(context, protocol, flags);
		return EXIT.ok;
	}
	const pipe = await dial(context, protocol, target, flags);
	if (flags.zero) await pipe.close();
	else await converse(context, pipe, { wait: flags.wait, ...mtuOf(flags) });
	return EXIT.ok;
};

function checkFlags(protocol: PipeProtocol, target: string | undefined, flags: PipeFlags): void {
	const listens = flags.listen !== undefined;
	const rules: readonly (readonly [wrong: boolean, message: string])[] = [
		[(target === undefined) !== listens, "give a target, or --listen with a port, and not both"],
		[protocol === "udp" && flags.tls === true, "--tls is for a TCP pipe"],
		[flags.insecure === true && (flags.tls !== true || listens), "--insecure goes with --tls and a target"],
		[
			flags.tls !== true && [flags.cert, flags.key, flags.ca].some((file) => file !== undefined),
			"--cert, --key and --ca go with --tls",
		],
		[(flags.cert === undefined) !== (flags.key === undefined), "--cert and --key go together"],
		[listens && flags.tls === true && flags.cert === undefined, "--tls with --listen needs --cert and --key"],
		[flags.keepOpen === true && (!listens || protocol === "udp"), "--keep-open goes with --listen and tcp"],
		[flags.zero === true && (listens || protocol === "udp"), "-z is for TCP and a target"],
		[flags.mtu !== undefined && protocol === "tcp", "--mtu is for UDP"],
	];
	for (const [wrong, message] of rules) if (wrong) throw new UsageError(message);
}

const mtuOf = ({ mtu }: PipeFlags): { readonly mtu?: number } => (mtu === undefined ? {} : { mtu });

async function dial(
	context: Context,
	protocol: PipeProtocol,
	target: string,
	flags: PipeFlags,
): Promise<Pipe> {
	const { options, out, progress, signal } = context;
	const tls = flags.tls ? await tlsOptions(flags) : undefined;
	const address = await resolveTarget(context, target, 0);
	if (address.port === 0) throw new UsageError(`"${target}" has no port`);
	const af = options.family ?? address.endpoints()[0]?.af ?? 4;
	const pipe = await progress.during(`connecting to ${target}`, async () =>
		open(await socketsFor(context, af), protocol, address, {
			signal,
			...(protocol === "tcp" ? { connectTimeout: context.timeLeft() } : {}),
			...(tls !== undefined && { tls }),
		}),
	);
	out.message(`${protocol} ${text(pipe.local)} -> ${text(pipe.remote)}${flags.zero ? " is open" : ""}`);
	return pipe;
}

/** Serves one TCP client, or with `--keep-open` one after another; on UDP everyone who writes. */
async function serve(context: Context, protocol: PipeProtocol, flags: PipeFlags): Promise<void> {
	const { io, options, out, signal } = context;
	const tls = flags.tls ? await tlsOptions(flags) : undefined;
	const sockets = await socketsFor(context, options.family ?? 4);
	const server = await open(sockets, protocol, undefined, {
		localPort: flags.listen ?? 0,
		signal,
		...(protocol === "tcp" ? { halfOpen: true } : {}),
		...(tls !== undefined && { tls, onError: (error: Error) => out.message(errorLine(error)) }),
	});
	out.message(`${protocol} listening on ${text(server.local)}`);
	if (protocol === "udp") {
		await converse(context, server, { wait: flags.wait, ...mtuOf(flags) });
		return;
	}
	// Its reading goes on from one client to the next.
	const input = new Input(io.stdin);
	try {
		do {
			const client = await server.accept({ signal });
			if (client === null) break;
			out.message(`${protocol} ${text(client.remote)} -> ${text(client.local)}`);
			await serveOne(context, client, input, flags);
		} while (flags.keepOpen);
	} finally {
		await server.close();
		io.stdin.destroy();
	}
}

async function serveOne(context: Context, client: Pipe, input: Input, flags: PipeFlags): Promise<void> {
	try {
		const endWithPeer = flags.keepOpen === true ? { endWithPeer: true } : {};
		await converse(context, client, { wait: flags.wait, input, ...endWithPeer });
	} catch (error) {
		// A client that fails must not end a server that goes on for others.
		if (!flags.keepOpen || !(error instanceof CommandError)) throw error;
		context.out.message(error.message);
	}
}

/** @throws UsageError for a file that cannot be read */
async function tlsOptions({ ca, cert, insecure, key }: PipeFlags): Promise<PipeTlsOptions> {
	const file = async (option: string, path: string): Promise<Buffer> => {
		try {
			return await readFile(path);
		} catch (cause) {
			throw new UsageError(`--${option}: ${errorLine(cause)}`, { cause });
		}
	};
	return {
		...(insecure === true && { insecure }),
		...(ca !== undefined && { ca: await file("ca", ca) }),
		...(cert !== undefined && { cert: await file("cert", cert) }),
		...(key !== undefined && { key: await file("key", key) }),
	};
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

const text = (peer: Pipe["remote"]): string =>
	peer === null ? "unknown" : endpointText({ ip: peer[0], port: peer[1] });
