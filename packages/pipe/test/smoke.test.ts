import { expect, test } from "vitest";
import { pipeOpen, TCP, UDP } from "../src/index.js";

test("tcp echo", async () => {
	const server = await pipeOpen(null, TCP, null, { onMessage: (m, _p, pipe) => pipe.send(m) });
	const pipe = await pipeOpen(null, TCP, ["127.0.0.1", server.local[1]]);
	pipe.subscribe();
	await pipe.send("hello");
	expect(String(await pipe.recv())).toBe("hello");
	await pipe.close();
	await server.close();
});
test("udp echo", async () => {
	const server = await pipeOpen(null, UDP, null, { onMessage: (m, p, pipe) => pipe.send(m, p) });
	const pipe = await pipeOpen(null, UDP, ["127.0.0.1", server.local[1]]);
	pipe.subscribe();
	await pipe.send("hello");
	expect(String(await pipe.recv())).toBe("hello");
	await pipe.close();
	await server.close();
});
