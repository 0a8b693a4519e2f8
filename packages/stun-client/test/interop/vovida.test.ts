import { afterAll, beforeAll, expect, it } from "vitest";
import { StunClient } from "../../src/index.js";
import { type StunServer, startStunServer } from "../../src/server.js";
import { loopback } from "../support/loopback.js";
import { backgroundPrograms, describeWithTools, freePorts, run } from "./tools.js";

const ONE = "127.0.22.1";
const TWO = "127.0.22.2";
const ME = "127.0.22.9";

describeWithTools("our client asks stund, an RFC 3489 server", ["stund"], "stun-server", () => {
	const programs = backgroundPrograms();
	let port = 0;
	beforeAll(async () => {
		port = await freePorts([ONE, TWO]);
		programs.start("stund", ["-h", ONE, "-a", TWO, "-p", `${port}`, "-o", `${port + 1}`]);
	});

	it.each(["rfc8489", "rfc3489", "auto"] as const)(
		"in mode %s, with change requests",
		async (mode) => {
			await using client = new StunClient(
				{ server: { ip: ONE, port }, mode, timeout: 8000 },
				{ sockets: loopback(ME) },
			);
			expect(await client.getMapping()).toMatchObject({
				mapped: { ip: ME },
				otherAddress: { ip: TWO, port: port + 1 },
				responseOrigin: { ip: ONE, port },
				software: "Vovida.org 0.97",
			});
			expect((await client.request({ changeIp: true })).from).toEqual({ ip: TWO, port });
			expect((await client.request({ changePort: true })).from).toEqual({ ip: ONE, port: port + 1 });
			expect((await client.request({ changeIp: true, changePort: true })).from).toEqual({
				ip: TWO,
				port: port + 1,
			});
		},
		30_000,
	);
});

describeWithTools("Vovida's client asks our server", ["stun"], "stun-client", () => {
	let server: StunServer;
	beforeAll(async () => {
		const port = await freePorts([ONE, TWO]);
		server = await startStunServer({
			primary: { ip: ONE, port },
			alternate: { ip: TWO, port: port + 1 },
			rate: 0,
		});
	});
	afterAll(() => server.close());

	it("and finds that there is no NAT", async () => {
		const output = await run("stun", [`${ONE}:${server.primary.port}`, "-i", ME, "-v"]);
		expect(output).toContain("Primary: Open");
		for (const test of ["test I", "test II", "test III", "test I(2)"])
			expect(output).toContain(`${test} = 1`);
		expect(output).toContain("is nat  = 0");
	});
});
