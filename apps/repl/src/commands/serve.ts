import { isIp } from "@p2pd/core";
import { startStunServer } from "@p2pd/core/stun-client/server";
import type { Run } from "../context.js";
import { CommandError, EXIT, errorLine, UsageError } from "../errors.js";

/** `p2pd serve stun`: a STUN server, until Ctrl-C. */
export const run: Run = async ({ out, options, signal }, [what], own) => {
	if (what !== "stun") throw new UsageError(`p2pd serves stun, not "${what}"`);
	const { address, alternate, port, alternatePort } = own as {
		address: string;
		alternate?: string;
		port: number;
		alternatePort?: number;
	};
	for (const ip of [address, alternate]) {
		if (ip !== undefined && !isIp(ip)) throw new UsageError(`"${ip}" is not an IP address`);
	}
	const second = alternatePort ?? (port === 0 ? 0 : port + 1);
	let server: Awaited<ReturnType<typeof startStunServer>>;
	try {
		server = await startStunServer({
			primary: { ip: address, port },
			...(alternate === undefined ? {} : { alternate: { ip: alternate, port: second } }),
			tcp: own["tcp"] === true,
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
		await new Promise<void>((resolve) => {
			if (signal.aborted) resolve();
			else signal.addEventListener("abort", () => resolve(), { once: true });
		});
		return EXIT.interrupted;
	} finally {
		await server.close();
	}
};
