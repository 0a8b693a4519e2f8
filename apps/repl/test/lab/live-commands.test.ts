import { fileURLToPath } from "node:url";
import { buildLab, describeLab, homeRouter, type Lab } from "@p2pd/testnet/lab";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { checked } from "../support/schema.js";

const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const command = ["--conditions=@p2pd/source", "--import", "tsx", cli];

describeLab("commands that need a network that answers and changes", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
	});
	afterAll(() => lab.close());

	it("watch tells of an address that comes and goes, each line by its schema", {
		timeout: 30_000,
	}, async () => {
		const watch = lab.spawn("client", process.execPath, [...command, "watch", "--json"]);
		const told = (type: string): Promise<void> =>
			vi.waitFor(() => expect(watch.output().stdout).toContain(`"type":"${type}"`), { timeout: 10_000 });
		await vi.waitFor(() => expect(watch.output().stderr).toContain("watching"), { timeout: 10_000 });
		// The first look is taken soon after; what changes before it is no difference.
		for (let tries = 0; tries < 20 && !watch.output().stdout.includes("address-added"); tries++) {
			await lab.exec("client", "ip", ["address", "replace", `10.9.8.${tries + 1}/24`, "dev", "eth0"]);
			await told("address-added").catch(() => undefined);
		}
		await told("address-added");
		await lab.exec("client", "ip", ["address", "del", "10.9.8.1/24", "dev", "eth0"]);
		await told("address-removed");
		const { stdout } = await watch.stop();
		for (const line of stdout.trimEnd().split("\n")) checked("watch", line);
	});

	it("resolve --dns asks that server through the NIC", async () => {
		const dns = lab.service("dns", 4);
		const given = ["resolve", "example.com:80", "--dns", dns.ip, "--nic", "eth0", "--json"];
		const { code, stdout } = await lab.exec("client", process.execPath, [...command, ...given]);
		expect(code).toBe(0);
		const endpoints = checked("resolve", stdout)["endpoints"] as { ip: string; port: number }[];
		expect(endpoints.map(({ ip }) => ip)).toEqual([lab.service("echo", 4).ip, lab.service("echo", 6).ip]);
		expect(endpoints.every(({ port }) => port === 80)).toBe(true);
	});

	it("pipe reaches the world through the NIC and its NAT", async () => {
		const echo = lab.service("echo", 4);
		const line = `printf 'hello\\n' | '${process.execPath}' ${command.join(" ")} pipe tcp example.com:${echo.port} --nic eth0`;
		const { code, stdout } = await lab.exec("client", "sh", ["-c", line]);
		expect({ code, stdout }).toEqual({ code: 0, stdout: "hello\n" });
	});
});
