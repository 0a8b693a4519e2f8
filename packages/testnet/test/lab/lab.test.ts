import { afterAll, beforeAll, expect, it } from "vitest";
import { buildLab, describeLab, homeRouter, type Lab } from "../../src/lab/index.js";
import { PEER4, scenario } from "./nat-lab.js";

describeLab("a laboratory behind a home router", () => {
	let lab: Lab;
	beforeAll(async () => {
		lab = await buildLab(homeRouter());
	}, 60_000);
	afterAll(() => lab.close());

	it("runs a scenario inside, with its input and its result as JSON", async () => {
		const { ip, port } = lab.service("echo");
		const input = { name: "example.com", port, line: "Test\r\n\r\n" };
		expect(await lab.run("client", scenario("ask-echo"), input)).toEqual({
			ip,
			local: "192.168.1.20",
			text: "Test\r\n\r\n",
		});
	});

	it("passes a scenario's error on", async () => {
		await expect(lab.run("client", scenario("fail"), "throw")).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			message: expect.stringContaining("out of range, as asked"),
			childError: { name: "RangeError", code: "ERR_AS_ASKED" },
		});
		await expect(lab.run("client", scenario("fail"), "exit")).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			childError: null,
			exit: { code: 7 },
		});
		await expect(lab.run("client", scenario("missing"))).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			childError: { code: "ERR_MODULE_NOT_FOUND" },
		});
	});

	it("ends a scenario that hangs, with what it started", async () => {
		const timeout = 1500;
		await expect(lab.run("client", scenario("fail"), "hang", { timeout })).rejects.toMatchObject({
			code: "ERR_LAB_TIMEOUT",
			timeout,
		});
		await expect(
			lab.exec("client", "sh", ["-c", "sleep 60 & sleep 60"], { timeout: 50 }),
		).rejects.toMatchObject({
			code: "ERR_LAB_TIMEOUT",
		});
		const { stdout } = await lab.exec("client", "ps", ["-e", "-o", "args"]);
		expect(stdout).not.toMatch(/sleep 60|fail\.ts/);
	});

	it("ends a command when it is told to", async () => {
		const controller = new AbortController();
		const reason = new Error("enough");
		const running = lab.exec("client", "sleep", ["60"], { signal: controller.signal });
		controller.abort(reason);
		await expect(running).rejects.toBe(reason);
		await expect(lab.exec("client", "true", [], { signal: controller.signal })).rejects.toBe(reason);
	});

	it("gives a command's output, its exit code and its input", async () => {
		const failed = await lab.exec("client", "sh", ["-c", "echo out; echo err >&2; exit 3"]);
		expect(failed).toEqual({ code: 3, signal: null, stdout: "out\n", stderr: "err\n" });
		const cat = lab.spawn("client", "cat", [], { env: { LC_ALL: "C" } });
		cat.stdin.end("through\n");
		expect(await cat.exited).toMatchObject({ code: 0, stdout: "through\n" });
		expect(await lab.exec("client", "no-such-command")).toMatchObject({ code: 127 });
	});

	it("tells where its servers and NICs are", () => {
		expect(lab.nics("client")).toEqual(["eth0"]);
		expect(lab.services.map(({ kind, af }) => `${kind}/${af}`)).toEqual([
			"stun/4",
			"stun/6",
			"classic-stun/4",
			"echo/4",
			"echo/6",
			"dns/4",
			"dns/6",
		]);
		expect(lab.service("stun")).toEqual({
			kind: "stun",
			host: "coturn",
			af: 4,
			ip: "194.9.10.11",
			port: 3478,
			alternate: { ip: "194.9.10.12", port: 3479 },
		});
		expect(() => lab.service("classic-stun", 6)).toThrow(/no service "classic-stun" over IPv6/);
		expect(() => lab.nics("nobody")).toThrow(/no inside host "nobody"/);
		expect(() => lab.spawn("nobody", "true")).toThrow(/no host "nobody"/);
	});

	it("starts a server of one's own, and says why if it cannot", async () => {
		const mine = { proto: "udp", ip: lab.service("echo").ip, port: 4000 } as const;
		const server = await lab.serve("echo", scenario("serve-reflector"), [mine], [mine]);
		await expect(lab.serve("echo", scenario("serve-reflector"), [mine], [mine])).rejects.toMatchObject({
			code: "ERR_LAB_SETUP",
			message: expect.stringContaining("4000 is taken"),
		});
		await server.stop();
		const notHere = PEER4.map((endpoint) => ({ ...endpoint, proto: "udp" as const }));
		await expect(lab.serve("echo", scenario("serve-reflector"), PEER4, notHere)).rejects.toMatchObject({
			code: "ERR_LAB_RUN",
			childError: { code: "EADDRNOTAVAIL" },
		});
	});
});
