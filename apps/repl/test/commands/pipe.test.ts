import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoopbackServers, loopbackNic, startLoopbackServers } from "../../src/demo/loopback-servers.js";
import { run } from "../support/run-command.js";

let servers: LoopbackServers;
beforeAll(async () => {
	servers = await startLoopbackServers();
});
afterAll(() => servers.close());

/** A port that nobody has at the moment. */
async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** Runs a client until the server of another command is there. */
async function untilAnswered(args: readonly string[], stdin: string): ReturnType<typeof run> {
	for (let tries = 1; ; tries++) {
		const ran = await run(args, { stdin });
		if (ran.code === 0 && ran.stdout !== "") return ran;
		if (tries === 40) return ran;
	}
}

describe("p2pd pipe", () => {
	it("sends stdin to a TCP peer, prints what comes back, and ends with the peer", async () => {
		const target = `${servers.echo.ip}:${servers.echo.port}`;
		const { code, stdout, stderr } = await run(["pipe", "tcp", target], { stdin: "hello\n" });
		expect({ code, stdout }).toEqual({ code: 0, stdout: "hello\n" });
		expect(stderr).toContain(`-> ${target}`);
	});

	it("serves one TCP peer with --listen", async () => {
		const port = await freePort();
		const serving = run(["pipe", "tcp", "--listen", `${port}`, "--nic", loopbackNic()], {
			stdin: "from the server\n",
		});
		const client = await untilAnswered(["pipe", "tcp", `127.0.0.1:${port}`], "from the client\n");
		expect(client.stdout).toBe("from the server\n");
		expect(await serving).toMatchObject({ code: 0, stdout: "from the client\n" });
	});

	it("talks over UDP, and a client ends after the silence that it was told", async () => {
		const port = await freePort();
		const serving = run(["pipe", "udp", "--listen", `${port}`], { stdin: "pong" });
		const client = await untilAnswered(["pipe", "udp", `127.0.0.1:${port}`, "--wait", "100"], "ping");
		expect(client).toMatchObject({ code: 0, stdout: "pong" });
		process.emit("SIGINT");
		expect((await serving).stdout).toMatch(/^(ping)+$/);
	});

	it("verifies a TLS peer, and talks to an unverified one only with --insecure", async () => {
		const folder = mkdtempSync(join(tmpdir(), "p2pd-tls-"));
		const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
		const files = ["-keyout", key, "-out", cert];
		execFileSync(
			"openssl",
			[
				"req",
				"-x509",
				"-newkey",
				"ec",
				"-pkeyopt",
				"ec_paramgen_curve:prime256v1",
				"-nodes",
				"-days",
				"1",
				"-subj",
				"/CN=x",
				...files,
			],
			{ stdio: "ignore" },
		);
		const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
			socket.on("error", () => socket.destroy());
			socket.pipe(socket);
		});
		server.on("tlsClientError", (_error, socket) => socket.destroy());
		rmSync(folder, { recursive: true });
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
		try {
			const refused = await run(["pipe", "tcp", target, "--tls"], { stdin: "secret" });
			expect(refused).toMatchObject({ code: 1, stdout: "" });
			expect(refused.stderr).toMatch(/^error: .*certificate/);
			const taken = await run(["pipe", "tcp", target, "--tls", "--insecure"], { stdin: "open" });
			expect(taken).toMatchObject({ code: 0, stdout: "open" });
		} finally {
			await new Promise((resolve) => server.close(resolve));
		}
	});

	it("says in one line that nobody listens", async () => {
		const { code, stdout, stderr } = await run(["pipe", "tcp", "127.0.0.1:1"]);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: .*ECONNREFUSED.*\n$/);
	});
});

describe("p2pd stun", () => {
	it("asks over TCP", async () => {
		const { startStunServer } = await import("@p2pd/core/stun-client/server");
		await using server = await startStunServer({ primary: { ip: "127.0.0.1", port: 0 }, tcp: true });
		const { code, stdout } = await run(["stun", `127.0.0.1:${server.primary.port}`, "--transport", "tcp"]);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^mapped +127\.0\.0\.1 port \d+$/m);
	});
});
