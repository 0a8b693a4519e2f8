import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { StunClient, type StunClientOptions } from "../../src/index.js";
import { type StunServer, startStunServer } from "../../src/server.js";
import { loopback } from "../support/loopback.js";
import { makeCertificate, type TestCertificate } from "../support/tls.js";
import { backgroundPrograms, describeWithTools, freePorts, run } from "./tools.js";

const ONE = "127.0.21.1";
const TWO = "127.0.21.2";
const ME = "127.0.21.9";

/** Asks until a server that is being started answers. */
async function whenReady(options: StunClientOptions): Promise<void> {
	for (let tries = 0; ; tries++) {
		const client = new StunClient({ ...options, timeout: 500 }, { sockets: loopback(ME) });
		try {
			await client.getMapping();
			return;
		} catch (error) {
			if (tries >= 40) throw error;
		} finally {
			await client.close();
		}
	}
}

describeWithTools("our client asks coturn", ["turnserver", "openssl"], "coturn and openssl", () => {
	const programs = backgroundPrograms();
	let port = 0;
	let securePort = 0;
	let certificate: TestCertificate;
	const common = (name: string): string[] => [
		...["-n", "--no-cli", "--no-dtls", "--simple-log", "--log-file=stdout", `--relay-ip=${ONE}`],
		...[`--pidfile=${join(programs.dir, `${name}.pid`)}`, `--userdb=${join(programs.dir, `${name}.db`)}`],
	];
	const server = () => ({ ip: ONE, port });

	beforeAll(async () => {
		certificate = makeCertificate(`DNS:stun.test,IP:${ONE}`);
		port = await freePorts([ONE, TWO, "::1"]);
		securePort = await freePorts([ONE, TWO]);
		const tlsPort = securePort + 1;
		programs.start("turnserver", [
			...common("open"),
			...["--no-auth", `--listening-ip=${ONE}`, `--listening-ip=${TWO}`, "--listening-ip=::1"],
			...[`--listening-port=${port}`, `--alt-listening-port=${port + 1}`, `--tls-listening-port=${tlsPort}`],
			...[`--cert=${certificate.certFile}`, `--pkey=${certificate.keyFile}`],
		]);
		programs.start("turnserver", [
			...common("secure"),
			...["--secure-stun", "--lt-cred-mech", "--user=me:secret", "--realm=example.org", "--no-tls"],
			...[`--listening-ip=${ONE}`, `--listening-port=${securePort}`],
		]);
		await whenReady({ server: server() });
	}, 40_000);
	afterAll(() => certificate.remove());

	it.each(["rfc8489", "rfc3489", "auto"] as const)(
		"over UDP in mode %s, with change requests",
		async (mode) => {
			await using client = new StunClient({ server: server(), mode }, { sockets: loopback(ME) });
			expect(await client.getMapping()).toMatchObject({
				mapped: { ip: ME },
				otherAddress: { ip: TWO, port: port + 1 },
				responseOrigin: server(),
				software: expect.stringContaining("Coturn"),
			});
			expect((await client.request({ changeIp: true })).from).toEqual({ ip: TWO, port });
			expect((await client.request({ changePort: true })).from).toEqual({ ip: ONE, port: port + 1 });
			expect((await client.request({ changeIp: true, changePort: true })).from).toEqual({
				ip: TWO,
				port: port + 1,
			});
		},
	);

	it("over UDP with FINGERPRINT", async () => {
		await using client = new StunClient({ server: server(), fingerprint: true }, { sockets: loopback(ME) });
		expect(await client.getWanIp()).toBe(ME);
	});

	it("over TCP", async () => {
		await using client = new StunClient({ server: server(), transport: "tcp" }, { sockets: loopback(ME) });
		const { local, mapped } = await client.getMapping();
		expect(mapped).toEqual(local);
	});

	it("over TLS", async () => {
		await using client = new StunClient(
			{
				server: { ip: ONE, port: securePort + 1, host: "stun.test" },
				transport: "tls",
				tls: { ca: certificate.cert },
			},
			{ sockets: loopback(ME) },
		);
		const { local, mapped } = await client.getMapping();
		expect(mapped).toEqual(local);
	});

	it.each(["udp", "tcp"] as const)("over IPv6 and %s", async (transport) => {
		await using client = new StunClient(
			{ server: { ip: "::1", port }, transport },
			{ sockets: loopback("::1") },
		);
		expect((await client.getMapping()).mapped.ip).toBe("::1");
	});

	it("and is told which attribute it does not know", async () => {
		await using client = new StunClient({ server: server() }, { sockets: loopback(ME) });
		const request = client.request({ attributes: [{ type: 0x7abc, value: new Uint8Array(4) }] });
		await expect(request).rejects.toMatchObject({ status: 420, unknownAttributes: [0x7abc] });
	});

	it.each(["udp", "tcp"] as const)(
		"with long-term credentials over %s",
		async (transport) => {
			const secure = { ip: ONE, port: securePort };
			await whenReady({
				server: secure,
				credentials: { username: "me", password: "secret" },
			});
			await using client = new StunClient(
				{ server: secure, transport, credentials: { username: "me", password: "secret" } },
				{ sockets: loopback(ME) },
			);
			expect(await client.getWanIp()).toBe(ME);
			await using stranger = new StunClient(
				{ server: secure, transport, credentials: { username: "me", password: "wrong" } },
				{ sockets: loopback(ME) },
			);
			await expect(stranger.getWanIp()).rejects.toMatchObject({ code: "ERR_STUN_RESPONSE", status: 401 });
		},
		30_000,
	);
});

describeWithTools(
	"coturn's clients ask our server",
	["turnutils_stunclient", "turnutils_natdiscovery"],
	"coturn",
	() => {
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
		const port = () => ["-p", `${server.primary.port}`];

		it("turnutils_stunclient", async () => {
			const output = await run("turnutils_stunclient", [...port(), "-L", ME, ONE]);
			expect(output).toContain(`Response origin: : ${ONE}:${server.primary.port}`);
			expect(output).toContain(`Other addr: : ${TWO}:${server.alternate?.port}`);
			expect(output).toMatch(new RegExp(`UDP reflexive addr: ${ME.replaceAll(".", "\\.")}:[0-9]+`));
		});

		it.each([[[]], [["-P"]]])(
			"turnutils_natdiscovery finds neither mapping nor filtering %j",
			async (more) => {
				const output = await run("turnutils_natdiscovery", ["-m", "-f", ...more, ...port(), "-L", ME, ONE]);
				expect(output).toContain("No NAT! (Endpoint Independent Mapping)");
				expect(output).toContain("NAT with Endpoint Independent Filtering!");
				expect(output.match(/RFC 5780 response/g)).toHaveLength(4);
				expect(output).not.toContain("ALG detected");
			},
		);

		it("turnutils_natdiscovery -t finds that the mapping lives, by RESPONSE-PORT", async () => {
			const output = await run("turnutils_natdiscovery", ["-t", "-T", "1", ...port(), "-L", ME, ONE]);
			expect(output.match(/RFC 5780 response/g)).toHaveLength(2);
			expect(output).not.toContain("timeout");
		});
	},
);
