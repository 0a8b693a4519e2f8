import {
	PIPE_CONTRACT,
	type PipeContractEnvironment,
	runPipeContractCase,
	settleLoopback,
} from "@p2pd/pipe/contract";
import { kernelRoute } from "@p2pd/route";
import { type Coturn, describeWithCoturn, startCoturn } from "@p2pd/testnet/coturn";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type TurnRoute, turnRoute } from "../../src/index.js";
import { makeCertificate } from "../support/certificate.js";
import { close, echo, endpointOf, nextMessage, send } from "../support/sockets.js";

/** coturn closes both directions of a connection, with a reset, when one of its ends closes its own. */
const NOT_OVER_COTURN = new Set(["half-close: the peer reads to the end and still answers"]);

const RELAY = "127.0.38.1";
const CLIENT = "127.0.0.1";

describeWithCoturn("the contract of pipes over a relay", () => {
	const certificate = makeCertificate(`DNS:relay.test,IP:${RELAY}`);
	let coturn: Coturn;
	beforeAll(async () => {
		coturn = await startCoturn({ ip: RELAY, tls: certificate });
	});
	afterAll(async () => {
		await coturn.kill();
		certificate.remove();
	});

	describe.each([
		{ protocol: "udp", transport: "udp" },
		{ protocol: "udp", transport: "tcp" },
		{ protocol: "udp", transport: "tls" },
		{ protocol: "tcp", transport: "udp" },
		{ protocol: "tcp", transport: "tls" },
	] as const)("$protocol, with $transport to the server", ({ protocol, transport }) => {
		for (const contractCase of PIPE_CONTRACT) {
			if (contractCase.only !== undefined && !contractCase.only.includes(protocol)) continue;
			if (NOT_OVER_COTURN.has(contractCase.name)) continue;
			test(contractCase.name, async () => {
				const route = await turnRoute({
					server: { host: RELAY, port: transport === "tls" ? coturn.tlsPort : coturn.port },
					transport,
					tls: { ca: certificate.cert },
					credentials: { username: "me", password: "secret" },
					sockets: kernelRoute(4),
				});
				try {
					await route.permit(CLIENT);
					await runPipeContractCase(contractCase, environment(route, protocol));
				} finally {
					await route.close();
				}
			});
		}
	});
});

function environment(route: TurnRoute, transport: "tcp" | "udp"): PipeContractEnvironment {
	return {
		name: transport,
		transport,
		serverSockets: route,
		clientSockets: kernelRoute(4),
		serverIp: route.localIp,
		serverOptions: {},
		clientOptions: {},
		deps: {},
		until: (promise) => promise,
		// What was sent before a datagram that has come back has arrived too.
		settle: async () => {
			const socket = await route.udp({ to: CLIENT });
			const other = await echo(CLIENT);
			const back = nextMessage(socket);
			await send(socket, "settled?", endpointOf(other));
			await back;
			await Promise.all([close(socket), close(other)]);
			await settleLoopback();
		},
	};
}
