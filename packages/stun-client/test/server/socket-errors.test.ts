import { Socket } from "node:dgram";
import { Server } from "node:net";
import { expect, it } from "vitest";
import { startStunServer } from "../../src/server/start.js";

/** The live sockets of this process, as Node lists them for debugging. */
const handles = (): unknown[] =>
	(process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();

it("tells of a socket that fails later, and goes on", async () => {
	const errors: Error[] = [];
	await using server = await startStunServer(
		{ primary: { ip: "127.0.0.1", port: 0 }, tcp: true },
		{ onError: (error) => errors.push(error) },
	);
	const { port } = server.primary;
	const isOurs = (handle: unknown): handle is Socket | Server => {
		if (!(handle instanceof Socket || handle instanceof Server)) return false;
		try {
			return (handle.address() as { port: number } | null)?.port === port;
		} catch {
			// Another test file's socket, closed just now: Node lists it until it is gone.
			return false;
		}
	};
	const sockets = handles().filter(isOurs);
	expect(sockets).toHaveLength(2);
	for (const socket of sockets) socket.emit("error", new Error("EMFILE"));
	expect(errors.map(({ message }) => message)).toEqual(["EMFILE", "EMFILE"]);
});
