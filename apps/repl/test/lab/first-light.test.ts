import { fileURLToPath } from "node:url";
import { buildLab, describeLab, HOME_IP4, homeRouter, type Lab } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FIRST_PROGRAM } from "../../src/shell/first-program.js";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const fromSource = ["--conditions=@p2pd/source", "--import", "tsx", cli];

describeLab("the first program behind a home router's NAT", () => {
	let lab: Lab;
	let stunServers: string[];
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
		stunServers = [lab.service("stun", 4), lab.service("classic-stun", 4)].map(
			({ ip, port }) => `${ip}:${port}`,
		);
	});
	afterAll(() => lab.close());

	it("finds the private and the external address, the NAT, and gets its echo", async () => {
		const echo = lab.service("echo", 4);
		const found = await lab.run<Record<string, unknown>>(
			"client",
			new URL("./scenarios/seed.ts", import.meta.url),
			{
				host: "example.com",
				port: echo.port,
				stunServers,
			},
		);
		expect(found).toMatchObject({
			localIp: "192.168.1.20",
			destination: { ip: echo.ip, port: echo.port },
			answer: "Test\r\n\r\n",
			nics: ["eth0"],
			nic: {
				name: "eth0",
				nat: {
					type: 5,
					nat_info: "restrict port",
					delta: { type: 2, value: 0 },
					delta_info: "equal delta (local port == mapped port)",
				},
				rp: {
					"4": [
						{
							af: 4,
							nic_ips: [{ ip: "192.168.1.20", cidr: 32, af: 4 }],
							ext_ips: [{ ip: HOME_IP4, cidr: 32, af: 4 }],
						},
					],
				},
			},
		});
	});

	it("runs verbatim as printed, through the lab's DNS", async () => {
		const { code, stdout, stderr } = await lab.exec(
			"client",
			process.execPath,
			[...fromSource, "-e", FIRST_PROGRAM],
			{
				env: { P2PD_STUN_SERVERS: stunServers.join(","), NO_COLOR: "1" },
			},
		);
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain(HOME_IP4);
		expect(stdout).toContain("restrict port");
	});

	it("runs line by line in the shell", async () => {
		const lines = `process.env.P2PD_STUN_SERVERS = ${JSON.stringify(stunServers.join(","))};\n${FIRST_PROGRAM}out.toString()\n`;
		const scenario = new URL("./scenarios/shell.ts", import.meta.url);
		const { stdout, exitCode } = await lab.run<{ stdout: string; exitCode: number }>(
			"client",
			scenario,
			lines,
		);
		expect(stdout).not.toContain("error:");
		expect(stdout).toContain(HOME_IP4);
		expect(stdout).toContain("[ 'lo', 'eth0' ]");
		expect(stdout).toContain("'Test\\r\\n\\r\\n'");
		expect(exitCode).toBe(0);
	});
});
