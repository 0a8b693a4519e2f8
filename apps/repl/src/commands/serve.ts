import { readFileSync } from "node:fs";
import { isIp } from "@p2pd/core";
import { startStunServer } from "@p2pd/core/stun-client/server";
import type { Context, Run } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";

/** Own options of `p2pd serve`. */
interface ServeFlags {
	readonly address: string;
	readonly alternate?: string;
	readonly port?: number;
	readonly alternatePort?: number;
	readonly tcp?: true;
	readonly name?: readonly string[];
	readonly cert?: string;
	readonly key?: string;
}

/** `p2pd serve stun`, `p2pd serve signal`: a server of ours, until Ctrl-C. */
export const run: Run = (context, [what = ""], own) => {
	const flags = own as unknown as ServeFlags;
	for (const ip of [flags.address, flags.alternate]) {
		if (ip !== undefined && !isIp(ip)) throw new UsageError(`"${ip}" is not an IP address`);
	}
	if (what === "stun") return serveStun(context, flags);
	if (what === "signal") return serveSignal(context, flags);
	throw new UsageError(`p2pd serves stun and signal, not "${what}"`);
};

/** A broker for the messages that nodes exchange before they are connected. */
async function serveSignal({ out, options, signal }: Context, flags: ServeFlags): Promise<number> {
	const { address, cert, key, name: names, port = cert === undefined ? 1883 : 8883 } = flags;
	if ((cert === undefined) !== (key === undefined)) throw new UsageError("--cert and --key go together");
	const { startSignalBroker } = await import("@p2pd/core/signal/broker");
	let broker: Awaited<ReturnType<typeof startSignalBroker>>;
	try {
		broker = await startSignalBroker({
			ip: address,
			port,
			...(names === undefined ? {} : { names }),
			...(cert === undefined || key === undefined
				? {}
				: { tls: { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") } }),
		});
	} catch (error) {
		throw new CommandError(`the broker could not start: ${errorLine(error)}`, { cause: error });
	}
	try {
		const { local, url } = broker;
		if (options.json) out.json({ schema: "p2pd-serve-signal", version: 1, url, ...local });
		else out.result(url);
		out.message("Signal server; nodes take its URL by --signal. Ctrl-C ends it.");
		await untilAborted(signal);
		return EXIT.interrupted;
	} finally {
		await broker.close();
	}
}

async function untilAborted(signal: AbortSignal): Promise<void> {
	await new Promise<void>((resolve) => {
		if (signal.aborted) resolve();
		else signal.addEventListener("abort", () => resolve(), { once: true });
	});
}

async function serveStun({ out, options, signal }: Context, flags: ServeFlags): Promise<number> {
	const { address, alternate, port = 3478, alternatePort } = flags;
	const second = alternatePort ?? (port === 0 ? 0 : port + 1);
	let server: Awaited<ReturnType<typeof startStunServer>>;
	try {
		server = await startStunServer({
			primary: { ip: address, port },
			...(alternate === undefined ? {} : { alternate: { ip: alternate, port: second } }),
			tcp: flags.tcp === true,
		});
	} catch (error) {
		throw new CommandError(`the server could not start: ${errorLine(error)}`, { cause: error });
	}
	try {
		const { primary, alternate: other } = server;
		if (options.json) out.json({ schema: "p2pd-serve-stun", version: 1, primary, alternate: other ?? null });
		else {
			const both = other === undefined ? "" : ` and ${other.ip} port ${other.port}`;
			out.result(`STUN server on ${primary.ip} port ${primary.port}${both}`);
		}
		out.message("Ctrl-C ends it.");
		await untilAborted(signal);
		return EXIT.interrupted;
	} finally {
		await server.close();
	}
}
