import { decodeMessage, encodeMessage } from "@p2pd/stun-client/codec";
import type { MemoryNetwork } from "@p2pd/testnet";

/** Makes STUN servers answer over TCP as well, on both their ports; by default all of them. */
export const withTcp =
	(names: readonly string[] = ["stun0", "stun1", "stun2", "stun3", "stun4"], answer = true) =>
	(network: MemoryNetwork): void => {
		for (const name of names) {
			for (const port of [3478, 3479]) {
				void network
					.host(name)
					.sockets(4)
					.listen({ port })
					.then((server) => {
						server.on("connection", (socket) => {
							socket.on("error", () => socket.destroy());
							socket.on("data", (data) => {
								const { transactionId } = decodeMessage(data);
								const value = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
								const attributes = [{ name: "XOR-MAPPED-ADDRESS" as const, value }];
								socket.write(
									answer
										? encodeMessage({ class: "success", transactionId, attributes })
										: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
								);
							});
						});
					});
			}
		}
	};
