import { type NodeConnection, P2PNode, type Pipe } from "@p2pd/core";
import type { Run } from "../context.js";
import { CommandError, EXIT, errorLine } from "../errors.js";
import { type NodeFlags, nodeOptions } from "./node-options.js";

/** `p2pd node`: a node that can be connected to, until Ctrl-C. Its address is the first line of stdout. */
export const run: Run = async (context, _args, own) => {
	const { out, options, progress, signal } = context;
	const flags = own as NodeFlags & { readonly echo?: true };
	const node = new P2PNode(nodeOptions(context, flags));
	try {
		node.onConnection((pipe, connection) => {
			out.message(`connected: ${describe(connection)}`);
			pipe.onEnd((_message, _peer, _pipe, reason) => {
				const why = reason.error === null ? "" : `: ${reason.error.message}`;
				out.message(`ended: ${connection.id} (${reason.kind}${why})`);
			});
			if (flags.echo === true)
				void echo(pipe).catch((error: unknown) => out.message(`echo: ${errorLine(error)}`));
			else pipe.subscribe();
		});
		await progress.during("finding out how this machine can be reached", () => node.start({ signal }));
		if (options.json)
			out.json({ schema: "p2pd-node", version: 1, id: node.id, address: `${node.address}`, port: node.port });
		else out.result(`${node.address}`);
		out.message(`node ${node.id} on port ${node.port}; Ctrl-C ends it.`);
		await new Promise<void>((resolve) => {
			if (signal.aborted) resolve();
			else signal.addEventListener("abort", () => resolve(), { once: true });
		});
		return EXIT.interrupted;
	} catch (error) {
		signal.throwIfAborted();
		throw error instanceof CommandError ? error : new CommandError(errorLine(error), { cause: error });
	} finally {
		await node.close();
	}
};

function describe({ id, path, pipe, transport }: NodeConnection): string {
	const [ip = "", port = 0] = pipe.remote ?? [];
	return `${id} by ${path} over ${transport}, from ${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
}

async function echo(pipe: Pipe): Promise<void> {
	for await (const message of pipe.messages()) await pipe.send(message);
	if (pipe.state === "open" && pipe.protocol === "tcp") await pipe.end();
	await pipe.close();
}
