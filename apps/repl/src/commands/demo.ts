import type { Context, Run } from "../context.js";
import { loopbackNic, startLoopbackServers } from "../demo/loopback-servers.js";
import { seedProgram } from "../demo/seed-program.js";
import { twoNodes } from "../demo/two-nodes.js";
import { CommandError, EXIT } from "../errors.js";
import { factLines, interfaceFacts } from "../output/interface-text.js";

/** `p2pd demo`: the first program, on loopback, with servers of our own. */
export const run: Run = async (context, _args, own) => {
	const { out, progress, options, signal } = context;
	if (own["peers"] === true) return runPeers(context);
	const servers = await startLoopbackServers();
	try {
		out.message("p2pd demonstration: STUN and echo servers of our own on loopback. No Internet is used.");
		const { nic, answer, destination } = await progress.during("running the first program", () =>
			seedProgram({
				nic: loopbackNic(),
				host: servers.echo.ip,
				port: servers.echo.port,
				stunServers: servers.stun,
				onlyThisNic: true,
				signal,
			}),
		);
		const echo = answer === null ? "no answer" : JSON.stringify(answer.toString("latin1"));
		if (options.json) {
			out.json({
				schema: "p2pd-demo",
				version: 1,
				nic,
				destination,
				echo: answer?.toString("latin1") ?? null,
			});
		} else {
			const heard = ["echo", `${echo} from ${destination.ip}:${destination.port}`] as const;
			out.result(factLines([...interfaceFacts(nic, 4), heard], out.colours, out.columns));
		}
		nic.close();
		if (!servers.twoAddresses)
			out.message("This loopback has one address: how a NAT filters was not checked.");
		out.message("This was loopback. Your real place on the network, by public STUN servers: p2pd show");
		out.message("By servers of your choice: p2pd show --stun HOST:PORT, or P2PD_STUN_SERVERS=HOST:PORT,...");
		if (own["shell"] === true) {
			// The shell's interfaces ask these servers, so that the walk-through works without any network.
			process.env["P2PD_STUN_SERVERS"] ??= servers.stun.join(",");
			const { openShell } = await import("../shell/shell.js");
			const code = await openShell(context);
			await servers.close();
			// As after every shell: what the user's code left running must not keep the process.
			process.exit(code);
		}
		if (answer === null) throw new CommandError("the echo server did not answer within 3 seconds");
		return EXIT.ok;
	} finally {
		await servers.close();
	}
};

/** `p2pd demo --peers`: two nodes and a broker in this process. */
async function runPeers({ out, options, progress, signal }: Context): Promise<number> {
	out.message(
		"p2pd demonstration: two nodes and a signal server of our own on loopback. No Internet is used.",
	);
	const { address, answer, broker, connected } = await progress.during("connecting two nodes", () =>
		twoNodes(signal),
	);
	const { attempts, id, ms, path, rttMs, transport } = connected;
	if (options.json) {
		out.json({
			schema: "p2pd-demo-peers",
			version: 1,
			broker,
			address,
			peer: id,
			path,
			transport,
			ms,
			rttMs,
			answer,
		});
	} else {
		out.result(
			factLines(
				[
					["signal", broker],
					["address", address],
					["path", `${path} over ${transport}, in ${ms} ms; one round trip is ${rttMs.toFixed(1)} ms`],
					["tried", ...attempts.map((one) => `${one.path} ${one.to ?? ""}: ${one.outcome}`)],
					["answer", answer ?? "none"],
				],
				out.colours,
				out.columns,
			),
		);
	}
	if (answer === null) throw new CommandError("the second node did not answer within 3 seconds");
	return EXIT.ok;
}
