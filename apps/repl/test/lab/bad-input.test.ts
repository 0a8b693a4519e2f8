import { fileURLToPath } from "node:url";
import { buildLab, describeLab, homeRouter, type Lab, type LabExit } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it } from "vitest";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const fromSource = ["--conditions=@p2pd/source", "--import", "tsx", cli];

/** Nobody is there. */
const DEAD = "194.9.10.99:3478,194.9.10.98:3478";

describeLab("what goes wrong, told in time, and the process ends by itself", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
	});
	afterAll(() => lab.close());

	const p2pd = (args: string[], stun = DEAD): Promise<LabExit> =>
		lab.exec("client", process.execPath, [...fromSource, ...args], {
			env: { P2PD_STUN_SERVERS: stun, NO_COLOR: "1" },
			timeout: 20_000,
		});

	it("a NIC that does not exist: one line, with those that do", async () => {
		const { code, stdout, stderr } = await p2pd(["show", "wlan7"]);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: .*"wlan7".*"eth0"/);
	});

	it("no STUN server answers: the NIC and its addresses, and why there is no external one", async () => {
		const { code, stdout } = await p2pd(["show", "--no-nat", "--timeout", "4000"]);
		expect(code).toBe(1);
		expect(stdout).toContain("192.168.1.20");
		expect(stdout).toMatch(/external address +none: .+/);
	});

	it("a NIC without addresses: it starts, without routes, and says why", async () => {
		await lab.exec("client", "ip", ["link", "add", "bare0", "type", "veth", "peer", "name", "bare1"]);
		for (const end of ["bare0", "bare1"]) await lab.exec("client", "ip", ["link", "set", end, "up"]);
		await lab.exec("client", "ip", ["-6", "address", "flush", "dev", "bare0"]);
		const { code, stdout } = await p2pd(["show", "bare0"]);
		expect(code).toBe(1);
		expect(stdout).toContain("bare0 has no IPv4 address");
	});

	it("no network at all: a typed error", async () => {
		const { code, stdout, stderr } = await lab.exec(
			"client",
			"unshare",
			["--net", process.execPath, ...fromSource, "show"],
			{ env: { P2PD_STUN_SERVERS: DEAD, NO_COLOR: "1" }, timeout: 20_000 },
		);
		expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
		expect(stderr).toMatch(/^error: this host has no IPv4 or IPv6 default route/);
	});

	it("the first program itself rejects with the package's own error", async () => {
		const code = `await seed().catch((error) => console.log(error.name, error.code));
			async function seed() { await new Interface("wlan7").start(); }`;
		const { stdout } = await p2pd(["-e", code]);
		expect(stdout).toBe("NetifNotFoundError ERR_NETIF_NOT_FOUND\n");
	});
});
